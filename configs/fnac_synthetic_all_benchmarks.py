# A model of fnac_synthetic.py on small stand-ins of all test sets.
# python tools/dataset_converters/make_standins.py data/standins --num 20
# python tools/test.py configs/fnac_synthetic_all_benchmarks.py CHECKPOINT
_base_ = [
    '_base_/models/fnac_tiny.py',
    '_base_/datasets/all_benchmarks.py',
    '_base_/default_runtime.py',
]

test_cfg = dict(
    data_root='data/standins',
    pipeline=[
        dict(type='LoadImage', imdecode_backend='simplejpeg'),
        dict(type='LoadAudio', duration=0.8, to_float32=False),
        dict(
            type='Resize',
            scale=(112, 112),
            backend='pillow',
            interpolation='bicubic'),
        dict(type='PackAVInputs'),
    ])
test_dataloader = dict(num_workers=2)
