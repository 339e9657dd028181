# Made by tools/dataset_converters/make_synthetic.py. Its validation clips are
# not its test clips.
train_pipeline = [
    dict(type='LoadImage', imdecode_backend='simplejpeg', on_error='skip'),
    dict(
        type='LoadAudio',
        duration=0.8,
        sample_rate=16000,
        on_error='skip',
        to_float32=False),
    dict(type='ResizeRandomCrop', scale=123, crop_size=112),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackAVInputs'),
]

test_pipeline = [
    dict(type='LoadImage', imdecode_backend='simplejpeg'),
    dict(type='LoadAudio', duration=0.8, sample_rate=16000, to_float32=False),
    dict(
        type='Resize',
        scale=(112, 112),
        keep_ratio=False,
        backend='pillow',
        interpolation='bicubic'),
    dict(type='PackAVInputs'),
]

train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VGGSound',
        dataset_name='synthetic',
        data_root='data/synthetic',
        data_prefix=dict(img_path='train/frames', audio_path='train/audio'),
        list_file='metadata/train.txt',
        pipeline=train_pipeline))

val_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VGGSS',
        dataset_name='synthetic',
        data_root='data/synthetic',
        data_prefix=dict(img_path='val/frames', audio_path='val/audio'),
        list_file='metadata/val.csv',
        ann_file='metadata/val.json',
        test_mode=True,
        pipeline=test_pipeline))

test_dataloader = dict(
    batch_size=64,
    num_workers=2,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VGGSS',
        dataset_name='synthetic',
        data_root='data/synthetic',
        data_prefix=dict(img_path='test/frames', audio_path='test/audio'),
        list_file='metadata/test.csv',
        ann_file='metadata/test.json',
        test_mode=True,
        pipeline=test_pipeline))

val_evaluator = dict(type='LocalizationMetric', protocol='fnac_test')
test_evaluator = dict(type='LocalizationMetric', protocol='fnac_test')
