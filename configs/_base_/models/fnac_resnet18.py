# The published network.
model = dict(
    type='DualEncoderLocalizer',
    data_preprocessor=dict(
        type='AVDataPreprocessor',
        non_blocking=True,
        image_mean=[123.675, 116.28, 103.53],
        image_std=[58.395, 57.12, 57.375],
        # Axes and fill as published; dict(max_width=10) is the corrected one.
        masks=dict(max_width=10, axis_bug=True, fill=0.0)),
    image_encoder=dict(
        type='mmpretrain.ResNet',
        depth=18,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18')),
    # Without an init_cfg it is initialised as published.
    audio_encoder=dict(
        type='mmpretrain.ResNet',
        depth=18,
        in_channels=1,
        zero_init_residual=False),
    embed_dims=512,
    image_dropout=0.9,
    audio_dropout=0.0,
    # Object-guided localisation (OGL); None leaves its rows out.
    object_prior=dict(
        type='ObjectPrior',
        backbone=dict(
            type='mmpretrain.ResNet',
            depth=18,
            init_cfg=dict(
                type='Pretrained', checkpoint='torchvision://resnet18'))),
    loss=dict(
        type='FNACLoss',
        temperature=0.03,
        foreground_threshold=0.6,
        fns_audio_weight=100,
        tne_weight=100,
        fns_visual_weight=100))
