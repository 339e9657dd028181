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

_loader = dict(
    batch_size=64,
    num_workers=2,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=False))
_set = dict(dataset_name='synthetic', data_root='data/synthetic')

train_dataloader = dict(
    _loader,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        _set,
        type='VGGSound',
        data_prefix=dict(img_path='train/frames', audio_path='train/audio'),
        list_file='metadata/train.txt',
        pipeline=train_pipeline))

_set.update(type='VGGSS', test_mode=True, pipeline=test_pipeline)
val_dataloader = dict(
    _loader,
    persistent_workers=True,
    dataset=dict(
        _set,
        data_prefix=dict(img_path='val/frames', audio_path='val/audio'),
        list_file='metadata/val.csv',
        ann_file='metadata/val.json'))

test_dataloader = dict(
    _loader,
    dataset=dict(
        _set,
        data_prefix=dict(img_path='test/frames', audio_path='test/audio'),
        list_file='metadata/test.csv',
        ann_file='metadata/test.json'))

val_evaluator = dict(type='LocalizationMetric', protocol='fnac_test')
test_evaluator = val_evaluator
del _loader, _set
