# AVSBench S4, single source: trained on frames and sounds of its
# training split, without masks; the best epoch is that of the validation
# split.
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
        type='AVSBenchS4',
        data_root='data/avsbench/Single-source',
        ann_file='s4_meta_data.csv',
        split='train',
        # All five of a clip: the same sound, with another picture each.
        frames='all',
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
        type='AVSBenchS4',
        data_root='data/avsbench/Single-source',
        ann_file='s4_meta_data.csv',
        split='val',
        test_mode=True,
        pipeline={{_base_.mask_test_pipeline}}))
test_dataloader = dict(
    val_dataloader, dataset=dict(val_dataloader['dataset'], split='test'))

# Both against masks: cIoU of the upper half, and the scores of AVSBench.
val_evaluator = [
    dict(type='LocalizationMetric', protocol='fnac_test'),
    dict(type='SegmentationMetric', protocol='fnac_test'),
]
test_evaluator = val_evaluator
