# Flickr-SoundNet; training and test clips in one folder.
_base_ = './published_pipelines.py'

train_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='FlickrSoundNet',
        data_root='data/flickr',
        data_prefix=dict(img_path='frames', audio_path='audio'),
        list_file='metadata/flickr_144k.txt',
        # Test clips stand in the published training lists.
        exclude=['metadata/flickr_test.csv'],
        pipeline={{_base_.train_pipeline}}))

val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    drop_last=False,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FlickrSoundNet',
        data_root='data/flickr',
        data_prefix=dict(img_path='frames', audio_path='audio'),
        list_file='metadata/flickr_test.csv',
        ann_dir='Annotations',
        test_mode=True,
        pipeline={{_base_.test_pipeline}}))
test_dataloader = val_dataloader

val_evaluator = dict(type='LocalizationMetric', protocol='fnac_test')
test_evaluator = val_evaluator
