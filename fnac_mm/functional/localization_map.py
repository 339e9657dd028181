"""Heat maps: from features to a map, its size and its range.

Shape legend: B batch, C channels, (h, w) positions, (H, W) pixels.
"""
from functools import partial
from typing import Callable, Optional, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .map_enlargement import enlargement_of, is_plain, product_resize
from .rows import as_array, for_each_row


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
    height, width = (size, size) if isinstance(size, int) else size
    batched = map if map.dim() == 3 else map[None]
    enlargement = None
    if is_plain(batched):
        enlargement = enlargement_of(
            (map.shape[-2], map.shape[-1]), (height, width), mode,
            bool(align_corners))
    if enlargement is not None:
        resized = torch.from_numpy(
            product_resize(batched.numpy(), *enlargement))
        return resized if map.dim() == 3 else resized[0]
    resized = F.interpolate(
        batched[:, None], (height, width),
        mode=mode,
        align_corners=None if mode == 'nearest' else align_corners)[:, 0]
    return resized if map.dim() == 3 else resized[0]


def _is_on_host(*maps: Tensor) -> bool:
    """Whether NumPy may do the work, in the type that torch would use."""
    types = {map.dtype for map in maps}
    return types in ({torch.float32}, {
        torch.float64
    }) and not any(map.is_cuda or map.requires_grad for map in maps)


def _row_by_row(function: Callable[..., None], *maps: Tensor) -> Tensor:
    """Maps (..., H, W) that ``function(out, *rows)`` fills, (H, W) each."""
    result = np.empty(maps[0].shape, as_array(maps[0]).dtype)
    rows = [
        array.reshape(-1, *result.shape[-2:])
        for array in (result, *(as_array(map) for map in maps))
    ]
    for_each_row(lambda i: function(*(row[i] for row in rows)), len(rows[0]))
    return torch.from_numpy(result)


def normalize_into(out: np.ndarray, map: np.ndarray) -> None:
    """Min-max of one map, see :func:`normalize_map`.

    Args:
        out (np.ndarray): (H, W), may be ``map``.
        map (np.ndarray): (H, W).
    """
    low = map.min()
    span = map.max() - low
    if span == 0:
        out[...] = map
        return
    # NaN and infinity give NaN, as in torch; a score refuses them.
    with np.errstate(invalid='ignore'):
        np.subtract(map, low, out=out)
        np.divide(out, span, out=out)


def weighted_sum(audio_visual: np.ndarray,
                 objectness: np.ndarray,
                 alpha: float,
                 out: Optional[np.ndarray] = None) -> np.ndarray:
    """What :func:`fuse_maps` normalises, with its roundings.

    Args:
        audio_visual (np.ndarray): Of any shape, normalised.
        objectness (np.ndarray): The same.
        alpha (float): Weight of ``audio_visual``.
        out (np.ndarray, optional): Memory of the result.

    Returns:
        np.ndarray: The sum.
    """
    out = np.multiply(audio_visual, alpha, out=out)
    out += (1 - alpha) * objectness
    return out


def fuse_into(out: np.ndarray, audio_visual: np.ndarray,
              objectness: np.ndarray, alpha: float) -> None:
    """Normalised weighted sum of two maps, see :func:`fuse_maps`.

    Args:
        out (np.ndarray): (H, W).
        audio_visual (np.ndarray): (H, W), normalised.
        objectness (np.ndarray): (H, W), normalised.
        alpha (float): Weight of ``audio_visual``.
    """
    weighted_sum(audio_visual, objectness, alpha, out=out)
    normalize_into(out, out)


def normalize_map(map: Tensor) -> Tensor:
    """Min-max to [0, 1], each map by itself.

    A constant map is returned unchanged, as published.

    Args:
        map (Tensor): (..., H, W).

    Returns:
        Tensor: Same shape.
    """
    if _is_on_host(map):
        return _row_by_row(normalize_into, map)
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
    if _is_on_host(audio_visual, objectness):
        return _row_by_row(
            partial(fuse_into, alpha=alpha), audio_visual, objectness)
    return normalize_map(alpha * audio_visual + (1 - alpha) * objectness)
