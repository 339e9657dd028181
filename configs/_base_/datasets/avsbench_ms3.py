# AVSBench MS3, multiple sources; otherwise as S4.
_base_ = './avsbench_s4.py'

_set = dict(
    type='AVSBenchMS3',
    data_root='data/avsbench/Multi-sources',
    ann_file='ms3_meta_data.csv')
train_dataloader = dict(dataset=_set)
val_dataloader = dict(dataset=_set)
test_dataloader = dict(dataset=_set)
del _set
