# The FNAC terms compare what the network already tells apart: they come in
# when half of the training is done.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-3, weight_decay=1e-4))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=60),
    # `end` is that of the schedule, whatever max_epochs is: a training that
    # stops earlier can be taken up.
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        T_max=10,
        end=10,
        eta_min_ratio=0.01,
        convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableEpochLoop', max_epochs=10, val_interval=1)
val_cfg = dict()
test_cfg = dict()

global_batch_size = 64

custom_hooks = [dict(type='LossWarmupHook', warmup_epochs=5)]
