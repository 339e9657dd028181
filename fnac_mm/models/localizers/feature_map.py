"""The feature map of a backbone, whatever backbone it is."""
from typing import Sequence, Union

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

# Pixels of the picture on which a backbone is tried.
_TRIAL = 64


def last_map(maps: Union[Tensor, Sequence[Tensor]]) -> Tensor:
    """The map that is used.

    Args:
        maps (Tensor | Sequence[Tensor]): What a backbone returns.

    Returns:
        Tensor: The last of several.
    """
    return maps if isinstance(maps, Tensor) else maps[-1]


def check_map(features: Tensor, name: str, encoder: nn.Module,
              channels: object) -> None:
    """Refuse what is not a map or has other channels.

    Args:
        features (Tensor): Of a backbone.
        name (str): ``'image'`` or ``'audio'``, for the message.
        encoder (nn.Module): The backbone.
        channels (int | str): Expected; a letter stands for any number.

    Raises:
        ValueError: Unless ``features`` is (B, channels, h, w).
    """
    if features.dim() != 4 or channels not in ('C', features.shape[1]):
        raise ValueError(
            f'{name}_encoder ({type(encoder).__name__}) gives '
            f'{tuple(features.shape)}, expected (B, {channels}, h, w); set '
            f"{name}_channels, for a transformer out_type='featmap', for "
            'ConvNeXt gap_before_final_norm=False')


@torch.no_grad()
def map_channels(encoder: nn.Module, name: str) -> int:
    """Channels of the last map, found by a trial.

    Args:
        encoder (nn.Module): From pictures to one or several maps.
        name (str): ``'image'`` or ``'audio'``, for messages.

    Returns:
        int: C of (B, C, h, w).

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
