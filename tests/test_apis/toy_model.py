"""A small network with random weights, saved as a training would."""
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from fnac_mm.registry import MODELS
from ..test_models.resnets import TINY, TINY_AUDIO

CONFIG = dict(
    default_scope='fnac_mm',
    model=dict(
        type='DualEncoderLocalizer',
        data_preprocessor=dict(type='AVDataPreprocessor'),
        image_encoder=TINY,
        audio_encoder=TINY_AUDIO,
        embed_dims=16,
        loss=dict(type='FNACLoss', temperature=0.07)),
    test_dataloader=dict(
        batch_size=2,
        collate_fn=dict(type='collate_av'),
        dataset=dict(
            type='VGGSS',
            pipeline=[
                dict(type='LoadImage'),
                dict(type='LoadAudio', duration=0.5, sample_rate=8000),
                dict(
                    type='Resize',
                    scale=(64, 64),
                    backend='pillow',
                    interpolation='bicubic'),
                dict(type='PackAVInputs')
            ])),
    visualizer=dict(
        type='LocalizationVisualizer',
        vis_backends=[dict(type='LocalVisBackend')]))


def build_toy(config: dict = CONFIG) -> torch.nn.Module:
    """The network with the weights of a fixed seed."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        return MODELS.build(Config(config).model).eval()


def save_toy(folder: Path, config: dict = CONFIG, **changes: object) -> Path:
    """Write ``toy.pth`` with the config as MMEngine's Runner stores it."""
    checkpoint = dict(
        state_dict=build_toy(config).state_dict(),
        meta=dict(cfg=Config(config).pretty_text, epoch=1))
    checkpoint.update(changes)
    torch.save(checkpoint, folder / 'toy.pth')
    return folder / 'toy.pth'
