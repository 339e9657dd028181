"""The feature map of a backbone, whatever backbone it is."""
from typing import Sequence, Union

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

# Pixels of the picture on which a backbone is tried.
_TRIAL = 64


def last_map(maps: Union[Tensor, Sequence[Tensor]]) -> Tensor:
    """The last of what a backbone returns."""
    return maps if isinstance(maps, Tensor) else maps[-1]


def check_map(features: Tensor, name: str, encoder: nn.Module,
              channels: object) -> None:
    """ValueError unless features are (B, channels, h, w); C: any number."""
    if features.dim() != 4 or channels not in ('C', features.shape[1]):
        raise ValueError(
            f'{name}_encoder ({type(encoder).__name__}) gives '
            f'{tuple(features.shape)}, expected (B, {channels}, h, w); set '
            f"{name}_channels, for a transformer out_type='featmap', for "
            'ConvNeXt gap_before_final_norm=False')


@torch.no_grad()
def map_channels(encoder: nn.Module, name: str) -> int:
    """Channels of an encoder's last map, found by a trial.

    Raises:
        ValueError: If it fails on a small picture, or gives no map.
    """
    training = encoder.training
    try:
        first = next(m for m in encoder.modules() if isinstance(m, _ConvNd))
        sample = first.weight.new_zeros(1, first.in_channels, _TRIAL, _TRIAL)
        encoder.eval()
        features = last_map(encoder(sample))
    except (RuntimeError, ValueError, AssertionError, StopIteration) as error:
        raise ValueError(
            f'{name}_encoder ({type(encoder).__name__}) fails on a picture '
            f'of {_TRIAL} pixels ({error}); set {name}_channels') from error
    finally:
        encoder.train(training)
    check_map(features, name, encoder, 'C')
    return features.shape[1]
