# The synthetic benchmark with a network that learns nothing, but quickly.
_base_ = '../../configs/fnac_synthetic.py'
custom_imports = dict(imports=['tests.faults.rank_hooks'])

encoder = dict(base_channels=8, stem_channels=8)
model = dict(image_encoder=encoder, audio_encoder=encoder, embed_dims=16)
train_dataloader = dict(num_workers=0, persistent_workers=False)
val_dataloader = None
val_cfg = None
val_evaluator = None
global_batch_size = 8
train_cfg = dict(max_epochs=1)
custom_hooks = []
console_level = 'INFO'
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(save_best=None),
    rank_weights=dict(type='RankWeightsHook'))
