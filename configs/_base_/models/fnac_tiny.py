# A small network for pictures of 112 px: three stages of ResNet-18 at a
# quarter of the width, a map of 7 x 7.
encoder = dict(
    type='mmpretrain.ResNet',
    depth=18,
    num_stages=3,
    strides=(1, 2, 2),
    dilations=(1, 1, 1),
    out_indices=(2, ),
    stem_channels=16,
    base_channels=16,
    zero_init_residual=False)

model = dict(
    type='DualEncoderLocalizer',
    data_preprocessor=dict(
        type='AVDataPreprocessor',
        image_mean=[123.675, 116.28, 103.53],
        image_std=[58.395, 57.12, 57.375],
        masks=dict(max_width=10)),
    image_encoder=encoder,
    audio_encoder=dict(encoder, in_channels=1, strides=(2, 2, 2)),
    embed_dims=128,
    image_dropout=0.0,
    audio_dropout=0.0,
    object_prior=None,
    # Batches of 64: the weights of the three terms keep the strength that they
    # have at the published 256.
    loss=dict(type='FNACLoss', temperature=0.07, reference_batch_size=256))
