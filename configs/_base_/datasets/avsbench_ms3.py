# AVSBench MS3, multiple sources; all else as for S4.
_base_ = './avsbench_s4.py'

ms3 = dict(
    type='AVSBenchMS3',
    data_root='data/avsbench/Multi-sources',
    ann_file='ms3_meta_data.csv')
train_dataloader = dict(dataset=ms3)
val_dataloader = dict(dataset=ms3)
test_dataloader = dict(dataset=ms3)
