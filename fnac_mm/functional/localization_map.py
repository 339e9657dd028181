"""Heat maps: from features to a map, its size, its range and its regions.

Shape legend: B batch, C channels, (h, w) positions, (H, W) pixels.
"""
from typing import Optional, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

PixelBox = Tuple[int, int, int, int]


def localization_map(visual: Tensor, audio: Tensor) -> Tensor:
    """Similarity of each picture's positions with its own sound.

    Args:
        visual (Tensor): (B, C, h, w), unit length over C.
        audio (Tensor): (B, C), unit length.

    Returns:
        Tensor: (B, h, w), cosines (the published map is this over tau).

    Raises:
        ValueError: If the shapes don't fit.
    """
    if visual.dim() != 4 or audio.shape != visual.shape[:2]:
        raise ValueError('expected visual (B,C,h,w) and audio (B,C), got '
                         f'{tuple(visual.shape)} and {tuple(audio.shape)}')
    return torch.einsum('bchw,bc->bhw', visual, audio)


def object_map(features: Tensor) -> Tensor:
    """Objectness of EZ-VSL: mean absolute activation over channels.

    Args:
        features (Tensor): (B, C, h, w), last stage of a classifier.

    Returns:
        Tensor: (B, h, w).
    """
    return features.abs().mean(dim=1)


def resize_map(map: Tensor,
               size: Union[int, Tuple[int, int]],
               mode: str = 'bilinear',
               align_corners: Optional[bool] = True) -> Tensor:
    """Resize maps, by default as the published test does.

    Args:
        map (Tensor): (B, h, w) or (h, w).
        size (int | tuple[int, int]): (H, W); one number means a square.
        mode (str): ``'bilinear'``, ``'bicubic'`` or ``'nearest'``.
        align_corners (bool, optional): As in
            :func:`torch.nn.functional.interpolate`; ignored for nearest.

    Returns:
        Tensor: (B, H, W) or (H, W).

    Raises:
        ValueError: If the map is of another rank or ``mode`` is unknown.
    """
    if map.dim() not in (2, 3):
        raise ValueError(f'expected (B,h,w) or (h,w), got {tuple(map.shape)}')
    if mode not in ('bilinear', 'bicubic', 'nearest'):
        raise ValueError("mode must be 'bilinear', 'bicubic' or 'nearest', "
                         f'got {mode!r}')
    batched = map if map.dim() == 3 else map[None]
    resized = F.interpolate(
        batched[:, None],
        size,
        mode=mode,
        align_corners=None if mode == 'nearest' else align_corners)[:, 0]
    return resized if map.dim() == 3 else resized[0]


def normalize_map(map: Tensor) -> Tensor:
    """Min-max to [0, 1], each map by itself.

    A constant map is returned unchanged, as published.

    Args:
        map (Tensor): (..., H, W).

    Returns:
        Tensor: Same shape.
    """
    low = map.amin(dim=(-2, -1), keepdim=True)
    span = map.amax(dim=(-2, -1), keepdim=True) - low
    constant = span == 0
    return torch.where(constant, map,
                       (map - low) / torch.where(constant, 1, span))


def fuse_maps(audio_visual: Tensor,
              objectness: Tensor,
              alpha: float = 0.4) -> Tensor:
    """Object-guided localisation (OGL) of EZ-VSL.

    Args:
        audio_visual (Tensor): (..., H, W), normalised.
        objectness (Tensor): Same shape, normalised.
        alpha (float): Weight of the audio-visual map. Defaults to 0.4, the
            published value.

    Returns:
        Tensor: Normalised weighted sum, same shape.

    Raises:
        ValueError: If ``alpha`` is outside [0, 1] or the shapes differ.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha must be in [0, 1], got {alpha}')
    if audio_visual.shape != objectness.shape:
        raise ValueError('maps of different shapes: '
                         f'{tuple(audio_visual.shape)} and '
                         f'{tuple(objectness.shape)}; resize them first')
    return normalize_map(alpha * audio_visual + (1 - alpha) * objectness)


def check_finite(*values: Tensor, what: str = 'a map') -> None:
    """ValueError if a value is NaN or infinite; ``what`` is its name there.

    Those of the device ``meta``, which hold nothing, pass.
    """
    if not all(v.is_meta or torch.isfinite(v).all() for v in values):
        raise ValueError(f'{what} holds NaN or infinity; it has no score')


def largest_region_box(map: Union[np.ndarray, Tensor],
                       threshold: float) -> Optional[PixelBox]:
    """Tight box of the largest connected region that reaches a threshold.

    Pixels that touch at a corner are connected. Of regions of equal size
    the uppermost counts.

    Args:
        map (np.ndarray | Tensor): (H, W).
        threshold (float): A pixel belongs to a region from it on.

    Returns:
        tuple[int, int, int, int] | None: (x0, y0, x1, y1) in pixels of the
        map; x1 and y1 are the first ones outside. None if no pixel reaches
        the threshold.

    Raises:
        ValueError: If the map is not (H, W).
    """
    from scipy import ndimage
    array = np.asarray(map)
    if array.ndim != 2:
        raise ValueError(f'expected a map (H,W), got {array.shape}')
    labels, count = ndimage.label(array >= threshold, np.ones((3, 3)))
    if not count:
        return None
    # Label 0 is what lies below the threshold.
    largest = int(np.bincount(labels.ravel())[1:].argmax())
    rows, columns = ndimage.find_objects(labels)[largest]
    return columns.start, rows.start, columns.stop, rows.stop
