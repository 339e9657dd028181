# AVSBench S4, single source: trained on frames and sounds of its
# training split, without masks; the best epoch is that of the validation
# split.
_base_ = './published.py'

_set = dict(
    type='AVSBenchS4',
    data_root='data/avsbench/Single-source',
    ann_file='s4_meta_data.csv')
# All five frames of a clip: the same sound, with another picture each.
train_dataloader = dict(dataset=dict(_set, split='train', frames='all'))
val_dataloader = dict(
    dataset=dict(_set, split='val', pipeline={{_base_.mask_test_pipeline}}))
test_dataloader = dict(
    val_dataloader, dataset=dict(val_dataloader['dataset'], split='test'))

# Both against masks: cIoU of the upper half, and the scores of AVSBench.
val_evaluator = [
    dict(type='LocalizationMetric', protocol='fnac_test'),
    dict(type='SegmentationMetric', protocol='fnac_test'),
]
test_evaluator = val_evaluator
del _set
