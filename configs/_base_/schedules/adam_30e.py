# The published schedule (shell scripts): 30 epochs, the first 5 without the
# FNAC terms, batch 256, Adam, constant learning rate.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4))

train_cfg = dict(type='ResumableEpochLoop', max_epochs=30, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# Of all processes together: N processes take 256 / N each.
global_batch_size = 256

custom_hooks = [dict(type='LossWarmupHook', warmup_epochs=5)]
