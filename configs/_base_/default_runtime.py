default_scope = 'fnac_mm'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    health=dict(type='TrainingHealthHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    randomness=dict(type='RandomnessHook'),
    preemption=dict(type='PreemptionHook'),
    # The best epoch is chosen on the config's validation set. The papers
    # choose it on the test set.
    checkpoint=dict(
        type='SafeCheckpointHook',
        interval=1,
        max_keep_ckpts=3,
        save_best='audio_visual/ciou@0.5',
        rule='greater'),
    provenance=dict(type='ProvenanceHook'),
    resumed_validation=dict(type='ResumedValidationHook'),
    # One model, whatever the number of processes, when an epoch is scored.
    sync_buffers=dict(type='SyncBuffersHook'),
    visualization=dict(type='LocalizationVisualizationHook', enable=False),
    console=dict(type='ConsoleHook'))

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Seconds that a process waits for the others before the job is ended.
    dist_cfg=dict(backend='nccl', timeout=300))

# For TensorBoard: --cfg-options
# visualizer.vis_backends.0.type=TensorboardVisBackend
visualizer = dict(
    type='LocalizationVisualizer', vis_backends=[dict(type='LocalVisBackend')])

log_processor = dict(by_epoch=True)
# The log file gets all from log_level on, the console from console_level on.
log_level = 'INFO'
console_level = 'WARNING'
load_from = None
resume = False
randomness = dict(seed=12345)
