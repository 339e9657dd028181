# How the published code reads a frame and its sound.
train_pipeline = [
    dict(type='LoadImage', on_error='skip'),
    dict(type='LoadAudio', duration=3.0, sample_rate=16000, on_error='skip'),
    dict(
        type='mmpretrain.ResizeEdge',
        scale=246,
        edge='short',
        backend='pillow',
        interpolation='bicubic'),
    dict(type='mmpretrain.RandomCrop', crop_size=224),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackAVInputs'),
]

test_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadAudio', duration=3.0, sample_rate=16000),
    dict(
        type='Resize',
        scale=(224, 224),
        keep_ratio=False,
        backend='pillow',
        interpolation='bicubic'),
    dict(type='PackAVInputs'),
]

mask_test_pipeline = [dict(type='LoadMask'), *test_pipeline]
