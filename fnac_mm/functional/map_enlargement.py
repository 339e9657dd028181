"""Enlargement of small maps as products of matrices, to torch's last bit.

Shape legend: (h, w) positions, (H, W) pixels.
"""
from functools import lru_cache
from typing import NamedTuple, Optional, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# Positions of a side up to which products beat interpolation.
SMALL = 32
# Factors of a sum that every processor adds one after the other.
WINDOW = 7
# Cubic convolution (Keys) with torch's coefficient of -0.75: from the highest
# power to the lowest, up to a distance of 1, and from there up to 2.
NEAR_CUBIC = (1.25, -2.25, 0., 1.)
FAR_CUBIC = (-0.75, 3.75, -6., 3.)


class AxisWindow(NamedTuple):
    """New positions of one axis that few old ones make up.

    Attributes:
        new (slice): New positions.
        old (slice | np.ndarray): Old ones, in the order in which torch adds
            them.
        weights (np.ndarray): (new, old) float32.
    """
    new: slice
    old: Union[slice, np.ndarray]
    weights: np.ndarray


AxisWindows = Tuple[AxisWindow, ...]


def near_positions(weights: np.ndarray) -> np.ndarray:
    """First of the two old positions that each new one lies between.

    Args:
        weights (np.ndarray): (new, old) of linear interpolation.

    Returns:
        np.ndarray: (new,), at most old - 2 where there are two.
    """
    last = max(weights.shape[1] - 2, 0)
    return np.minimum((weights != 0).argmax(axis=1), last)


def _linear_windows(old: int, new: int, align_corners: bool) -> AxisWindows:
    """Windows of up to ``WINDOW`` old positions, one after the other."""
    weights = F.interpolate(
        torch.eye(old)[None], new, mode='linear',
        align_corners=align_corners)[0].T.numpy()
    first = near_positions(weights)
    windows = []
    for start in range(0, max(old - 1, 1), WINDOW - 1):
        stop = min(start + WINDOW, old)
        at = ((first >= start) & (first < start + WINDOW - 1)).nonzero()[0]
        if len(at):
            lines = slice(int(at[0]), int(at[-1]) + 1)
            # The farther neighbour first.
            nodes = slice(stop - 1, start - 1 if start else None, -1)
            windows.append(
                AxisWindow(lines, nodes,
                           np.ascontiguousarray(weights[lines, nodes])))
    return tuple(windows)


def _cubic(distance: np.ndarray, powers: Tuple[float, ...]) -> np.ndarray:
    """A polynomial of float32, rounded where torch's compiler has it."""
    *first, constant = powers
    share = np.zeros_like(distance)
    for power in first:
        # Fused: rounded once.
        share = np.float32(share.astype(np.float64) * distance + power)
    return share * distance + np.float32(constant)


def _cubic_windows(old: int, new: int, align_corners: bool) -> AxisWindows:
    """One window for each old position that new ones follow."""
    index = np.arange(new, dtype=np.float32)
    if align_corners:
        place = np.float32(old - 1) / np.float32(max(new - 1, 1)) * index
    else:
        scale = np.float64(np.float32(old) / np.float32(new))
        place = np.float32((index + np.float32(0.5)) * scale - 0.5)
    first = np.floor(place)
    beyond = place - first
    before = np.float32(1) - beyond
    weights = np.stack([
        _cubic(beyond, NEAR_CUBIC),
        _cubic(beyond + np.float32(1), FAR_CUBIC),
        _cubic(before, NEAR_CUBIC),
        _cubic(before + np.float32(1), FAR_CUBIC)
    ], axis=1)  # yapf: disable
    windows = []
    for start in np.unique(first):
        at = (first == start).nonzero()[0]
        # Torch's compiler has it begin with the second of four.
        nodes = np.clip(int(start) + np.array([0, -1, 1, 2]), 0, old - 1)
        windows.append(
            AxisWindow(slice(int(at[0]),
                             int(at[-1]) + 1), nodes, weights[at]))
    return tuple(windows)


_WINDOWS = dict(bilinear=_linear_windows, bicubic=_cubic_windows)


@lru_cache(maxsize=32)
def axis_windows(old: int,
                 new: int,
                 align_corners: bool,
                 mode: str = 'bilinear') -> AxisWindows:
    """What interpolation along one axis takes from where.

    Args:
        old (int): Positions before.
        new (int): Positions after.
        align_corners (bool): As in :func:`torch.nn.functional.interpolate`.
        mode (str): ``'bilinear'`` or ``'bicubic'``.

    Returns:
        tuple[AxisWindow, ...]: From the first new position to the last.
    """
    return _WINDOWS[mode](old, new, align_corners)


@lru_cache(maxsize=32)
def enlargement_of(old: Tuple[int, int], new: Tuple[int, int], mode: str,
                   align_corners: bool) -> Optional[Tuple[AxisWindows, ...]]:
    """Windows for :func:`product_resize`, if it gives torch's bits.

    Torch has code of its own for some sizes and processors.

    Args:
        old (tuple[int, int]): (h, w).
        new (tuple[int, int]): (H, W).
        mode (str): Interpolation.
        align_corners (bool): See :func:`axis_windows`.

    Returns:
        tuple[AxisWindows, AxisWindows] | None: From h to H and from w to W.
    """
    if mode not in _WINDOWS:
        return None
    rows, columns = (
        axis_windows(*sizes, align_corners, mode) for sizes in zip(old, new))
    draw = torch.Generator().manual_seed(0)
    maps = torch.empty(4, *old).uniform_(-1, 1, generator=draw)
    large = F.interpolate(
        maps[:, None], new, mode=mode, align_corners=align_corners)
    found = product_resize(maps.numpy(), rows, columns)
    if not torch.equal(torch.from_numpy(found), large[:, 0]):
        return None
    return rows, columns


def is_plain(map: Tensor) -> bool:
    """Whether NumPy may enlarge a map.

    Args:
        map (Tensor): (..., h, w).

    Returns:
        bool: It is small, of float32, finite, without gradient, on the host
        and not of one row or column, whose products are added otherwise.
    """
    return (map.dtype == torch.float32 and not map.is_cuda
            and not map.requires_grad and map.numel() > 0
            and min(map.shape[-2:]) > 1 and max(map.shape[-2:]) <= SMALL
            and bool(np.isfinite(map.numpy()).all()))


def product_widen(map: np.ndarray, columns: AxisWindows) -> np.ndarray:
    """Enlargement of the rows of maps, see :func:`product_resize`.

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


def product_heighten(wide: np.ndarray,
                     rows: AxisWindows,
                     out: Optional[np.ndarray] = None) -> np.ndarray:
    """Enlargement of the number of rows, see :func:`product_resize`.

    Args:
        wide (np.ndarray): (..., h, W) float32.
        rows (tuple[AxisWindow, ...]): From h to H.
        out (np.ndarray, optional): Memory of the result.

    Returns:
        np.ndarray: (..., H, W).
    """
    if out is None:
        height = rows[-1].new.stop
        out = np.empty((*wide.shape[:-2], height, wide.shape[-1]), np.float32)
    for window in rows:
        np.matmul(
            window.weights,
            np.ascontiguousarray(wide[..., window.old, :]),
            out=out[..., window.new, :])
    return out


def product_resize(map: np.ndarray, rows: AxisWindows,
                   columns: AxisWindows) -> np.ndarray:
    """Enlargement as products of matrices, many times as fast.

    Torch adds neighbours in a certain order, without rounding between; so
    does a product that has them in this order, as long as it is short enough
    to be summed in one go. NumPy's, since a product of torch may be told to
    round more.

    Args:
        map (np.ndarray): (..., h, w) float32.
        rows (tuple[AxisWindow, ...]): From h to H.
        columns (tuple[AxisWindow, ...]): From w to W.

    Returns:
        np.ndarray: (..., H, W).
    """
    return product_heighten(product_widen(map, columns), rows)
