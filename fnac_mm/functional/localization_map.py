"""Heat maps: from features to a map, its size and its range.

Shape legend: B batch, C channels, (h, w) positions, (H, W) pixels.
"""
from functools import lru_cache
from typing import Callable, List, NamedTuple, Optional, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .rows import as_array, for_each_row

# Positions of a side up to which products beat interpolation.
SMALL = 32
# Factors of a sum that every processor adds one after the other.
WINDOW = 7


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


class AxisWindow(NamedTuple):
    """New positions of one axis that few old ones make up.

    Attributes:
        new (slice): New positions.
        old (slice): Old ones, last first.
        weights (np.ndarray): (new, old) float32.
    """
    new: slice
    old: slice
    weights: np.ndarray


AxisWindows = Tuple[AxisWindow, ...]


@lru_cache(maxsize=32)
def axis_windows(old: int, new: int, align_corners: bool) -> AxisWindows:
    """What linear interpolation along one axis takes from where.

    Args:
        old (int): Positions before.
        new (int): Positions after.
        align_corners (bool): See :func:`resize_map`.

    Returns:
        tuple[AxisWindow, ...]: Windows of up to ``WINDOW`` old positions, one
        after the other.
    """
    weights = F.interpolate(
        torch.eye(old)[None], new, mode='linear',
        align_corners=align_corners)[0].T.numpy()
    first = (weights != 0).argmax(axis=1).clip(max=max(old - 2, 0))
    windows: List[AxisWindow] = []
    for start in range(0, max(old - 1, 1), WINDOW - 1):
        stop = min(start + WINDOW, old)
        at = ((first >= start) & (first < start + WINDOW - 1)).nonzero()[0]
        if len(at):
            lines = slice(int(at[0]), int(at[-1]) + 1)
            nodes = slice(stop - 1, start - 1 if start else None, -1)
            windows.append(
                AxisWindow(lines, nodes,
                           np.ascontiguousarray(weights[lines, nodes])))
    return tuple(windows)


@lru_cache(maxsize=16)
def _rounds_as_torch(old: Tuple[int, int], new: Tuple[int, int],
                     align_corners: bool) -> bool:
    """Whether products give torch's bits.

    Torch has code of its own for some sizes and processors.
    """
    draw = torch.Generator().manual_seed(0)
    maps = torch.empty(4, *old).uniform_(-1, 1, generator=draw)
    large = F.interpolate(
        maps[:, None], new, mode='bilinear', align_corners=align_corners)
    found = product_resize(maps.numpy(),
                           axis_windows(old[0], new[0], align_corners),
                           axis_windows(old[1], new[1], align_corners))
    return torch.equal(torch.from_numpy(found), large[:, 0])


def is_plain(map: Tensor) -> bool:
    """Whether NumPy may enlarge a map.

    Args:
        map (Tensor): (..., h, w).

    Returns:
        bool: It is small, of float32, finite, without gradient and on the
        host.
    """
    return (map.dtype == torch.float32 and not map.is_cuda
            and not map.requires_grad and map.numel() > 0
            and max(map.shape[-2:]) <= SMALL
            and bool(torch.isfinite(map).all()))


def product_widen(map: np.ndarray, columns: AxisWindows) -> np.ndarray:
    """Bilinear enlargement of the rows of maps, see :func:`product_resize`.

    Args:
        map (np.ndarray): (..., h, w) float32.
        columns (tuple[AxisWindow, ...]): From w to W.

    Returns:
        np.ndarray: (..., h, W).
    """
    parts = [
        np.ascontiguousarray(map[..., window.old]).reshape(
            -1, window.weights.shape[1]) @ window.weights.T
        for window in columns
    ]
    wide = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    return wide.reshape(*map.shape[:-1], -1)


def product_resize(map: np.ndarray, rows: AxisWindows,
                   columns: AxisWindows) -> np.ndarray:
    """Bilinear enlargement as two products of matrices: ten times as fast.

    Torch multiplies the farther neighbour first and adds the nearer one
    without rounding between; so does a product that begins with the last, as
    long as it is short enough to be summed in one go. NumPy's, since a
    product of torch may be told to round more.

    Args:
        map (np.ndarray): (..., h, w) float32.
        rows (tuple[AxisWindow, ...]): From h to H.
        columns (tuple[AxisWindow, ...]): From w to W.

    Returns:
        np.ndarray: (..., H, W).
    """
    wide = product_widen(map, columns)
    parts = [
        window.weights @ np.ascontiguousarray(wide[..., window.old, :])
        for window in rows
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)


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
    if mode == 'bilinear' and is_plain(batched) and _rounds_as_torch(
        (map.shape[-2], map.shape[-1]), (height, width), bool(align_corners)):
        windows = (axis_windows(map.shape[-2], height, bool(align_corners)),
                   axis_windows(map.shape[-1], width, bool(align_corners)))
        resized = torch.from_numpy(product_resize(batched.numpy(), *windows))
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


def _normalize_into(out: np.ndarray, map: np.ndarray) -> None:
    """Min-max of one (H, W); both may be the same."""
    low = map.min()
    span = map.max() - low
    if span == 0:
        out[...] = map
        return
    # NaN and infinity give NaN, as in torch; a score refuses them.
    with np.errstate(invalid='ignore'):
        np.subtract(map, low, out=out)
        np.divide(out, span, out=out)


def normalize_map(map: Tensor) -> Tensor:
    """Min-max to [0, 1], each map by itself.

    A constant map is returned unchanged, as published.

    Args:
        map (Tensor): (..., H, W).

    Returns:
        Tensor: Same shape.
    """
    if _is_on_host(map):
        return _row_by_row(_normalize_into, map)
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

        def fuse(out: np.ndarray, first: np.ndarray,
                 second: np.ndarray) -> None:
            np.multiply(first, alpha, out=out)
            out += (1 - alpha) * second
            _normalize_into(out, out)

        return _row_by_row(fuse, audio_visual, objectness)
    return normalize_map(alpha * audio_visual + (1 - alpha) * objectness)
