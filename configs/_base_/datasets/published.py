# How the published code reads a frame and its sound; data sets are named in
# the files that have this one as base.
train_pipeline = [
    dict(type='LoadImage', imdecode_backend='simplejpeg', on_error='skip'),
    dict(
        type='LoadAudio',
        duration=3.0,
        sample_rate=16000,
        on_error='skip',
        to_float32=False),
    dict(type='ResizeRandomCrop', scale=246, crop_size=224),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackAVInputs'),
]

test_pipeline = [
    dict(type='LoadImage', imdecode_backend='simplejpeg'),
    dict(type='LoadAudio', duration=3.0, sample_rate=16000, to_float32=False),
    dict(
        type='Resize',
        scale=(224, 224),
        keep_ratio=False,
        backend='pillow',
        interpolation='bicubic'),
    dict(type='PackAVInputs'),
]

mask_test_pipeline = [dict(type='LoadMask'), *test_pipeline]

train_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(pipeline=train_pipeline))

# Pictures of 64 clips are over 32 MB, for which the C library gets new memory
# from the system every time.
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    drop_last=False,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(test_mode=True, pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = dict(type='LocalizationMetric', protocol='fnac_test')
test_evaluator = val_evaluator
