"""From maps and boxes to scores: consensus IoU and its aggregates.

Shape legend: B batch, (H, W) pixels. Boxes are ``(x0, y0, x1, y1)`` as
fractions of width and height.
"""
import math
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from .rows import as_array, for_each_row

ArrayLike = Union[Tensor, np.ndarray, Sequence[float]]
# Share of the picture left out, comparison, absolute threshold
Cut = Tuple[float, str, Optional[float]]

COMBINE = ('union', 'consensus')
NOT_FINITE = 'a map holds NaN or infinity; it has no score'


def boxes_to_pixels(boxes: ArrayLike,
                    size: int = 224,
                    combine: str = 'union',
                    consensus: int = 2) -> List[List[int]]:
    """Corners of boxes in pixels, and a check of how they are combined.

    Args:
        boxes (Tensor): (N, 4), xyxy in [0, 1].
        size (int): Pixels of each side. Defaults to 224.
        combine (str): See :func:`boxes_to_target`.
        consensus (int): See :func:`boxes_to_target`.

    Returns:
        list[list[int]]: (N, 4) of half-open ranges, xyxy.

    Raises:
        ValueError: See :func:`boxes_to_target`.
    """
    if combine not in COMBINE:
        raise ValueError(f'combine must be one of {COMBINE}, got {combine!r}')
    if size < 1 or consensus < 1:
        raise ValueError('size and consensus must be at least 1, got '
                         f'{size} and {consensus}')
    array = np.asarray(boxes, dtype=np.float64)
    if array.size == 0:
        array = array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f'expected boxes (N,4), got {array.shape}')
    rows = array.tolist()
    if any(math.isnan(value) for row in rows for value in row):
        raise ValueError(f'boxes hold NaN: {rows}')
    # A box or two: faster without NumPy.
    return [[int(min(max(value, 0.), 1.) * size) for value in row]
            for row in rows]


def boxes_to_target(boxes: ArrayLike,
                    size: int = 224,
                    combine: str = 'union',
                    consensus: int = 2) -> Tensor:
    """Rasterise boxes as the published evaluation does.

    Coordinates are clipped to [0, 1], multiplied by ``size`` and truncated;
    a box covers the half-open range of pixels. Boxes of zero area cover
    nothing; no box at all gives an empty target.

    Args:
        boxes (Tensor): (N, 4), xyxy in [0, 1].
        size (int): Pixels of each side. Defaults to 224.
        combine (str): ``'union'`` (VGG-SS): 1 where any box is;
            ``'consensus'`` (Flickr-SoundNet): number of boxes over
            ``consensus``, at most 1.
        consensus (int): Annotators who must agree. Defaults to 2.

    Returns:
        Tensor: (size, size) float32 in [0, 1].

    Raises:
        ValueError: If the shape is not (N, 4), a value is NaN, or an
            argument is unknown.
    """
    corners = boxes_to_pixels(boxes, size, combine, consensus)
    target = np.zeros((size, size), np.float32)
    for x0, y0, x1, y1 in corners:
        if combine == 'union':
            target[y0:y1, x0:x1] = 1
        else:
            target[y0:y1, x0:x1] += 1
    if combine == 'consensus':
        np.minimum(target / consensus, 1, out=target)
    return torch.from_numpy(target)


def _check_area(area: float) -> None:
    if not 0 <= area < 1:
        raise ValueError(f'area must be in [0, 1), got {area}')


def area_threshold(map: Tensor, area: float = 0.5) -> Tensor:
    """Value at which each map leaves out this share of the picture.

    Args:
        map (Tensor): (B, H, W).
        area (float): The value is that at index ``int(area * H*W)`` of the
            sorted map; 0.5 is the published half-image rule.

    Returns:
        Tensor: (B,).

    Raises:
        ValueError: If ``area`` is not in [0, 1).
    """
    _check_area(area)
    flat = map.detach().flatten(1)
    index = int(flat.shape[1] * area)
    if flat.is_cuda:
        return flat.kthvalue(index + 1, dim=1).values
    value = np.partition(as_array(flat), index, axis=1)[:, index]
    return torch.from_numpy(value).to(flat.dtype)


def _check_cut(area: float, compare: str, threshold: Optional[float]) -> Cut:
    """The arguments; ValueError if one is out of range."""
    if compare not in ('>=', '>'):
        raise ValueError(f"compare must be '>=' or '>', got {compare!r}")
    if threshold is None:
        _check_area(area)
    return area, compare, threshold


def row_region(map: np.ndarray,
               area: float,
               compare: str,
               threshold: Optional[float] = None) -> np.ndarray:
    """Binary prediction of one map, see :func:`select_region`.

    Args:
        map (np.ndarray): (H, W).
        area (float): Share of the picture left out.
        compare (str): ``'>='`` or ``'>'``.
        threshold (float, optional): Absolute threshold instead.

    Returns:
        np.ndarray: Boolean (H, W).

    Raises:
        ValueError: If the map is not finite.
    """
    if not np.isfinite(map).all():
        raise ValueError(NOT_FINITE)
    if threshold is None:
        index = int(map.size * area)
        threshold = np.partition(map.ravel(), index)[index]
    return map >= threshold if compare == '>=' else map > threshold


def select_region(map: Tensor,
                  area: float = 0.5,
                  compare: str = '>=',
                  threshold: Union[float, None] = None) -> Tensor:
    """Binary prediction of each map.

    Args:
        map (Tensor): (B, H, W).
        area (float): See :func:`area_threshold`.
        compare (str): ``'>='`` (FNAC, EZ-VSL, SLAVC) or ``'>'``.
        threshold (float, optional): Absolute threshold instead.

    Returns:
        Tensor: Boolean (B, H, W).

    Raises:
        ValueError: If an argument is out of range or the map is not finite.
    """
    maps = as_array(map)
    cut = _check_cut(area, compare, threshold)
    regions = np.empty(maps.shape, bool)

    def select(row: int) -> None:
        regions[row] = row_region(maps[row], *cut)

    for_each_row(select, len(maps))
    return torch.from_numpy(regions).to(map.device)


def _check_shapes(map: Tensor, target: Tensor) -> None:
    if map.shape != target.shape or map.dim() != 3:
        raise ValueError('expected two (B,H,W) of the same shape, got '
                         f'{tuple(map.shape)} and {tuple(target.shape)}')


def _row_ciou(region: np.ndarray, target: np.ndarray) -> float:
    """cIoU of one sample, both (H, W)."""
    weights = target.ravel()
    if weights.dtype == bool:
        weights = weights.astype(np.float32)
    # Sums of halves, all that two annotators give, are exact in float32.
    hit = float(region.ravel().astype(weights.dtype) @ weights)
    wrong = np.count_nonzero(region) - np.count_nonzero(region & (target > 0))
    union = float(weights.sum()) + wrong
    return hit / union if union else 0.0


def region_ciou(region: Tensor, target: Tensor) -> Tensor:
    """Consensus IoU of binary predictions.

    ``sum(I * G) / (sum(G) + sum(I where G = 0))``, with 0 / 0 := 0.

    Args:
        region (Tensor): Boolean (B, H, W).
        target (Tensor): (B, H, W) in [0, 1].

    Returns:
        Tensor: (B,) float64.

    Raises:
        ValueError: If the shapes differ.
    """
    _check_shapes(region, target)
    regions, targets = as_array(region), as_array(target)
    cious = for_each_row(lambda i: _row_ciou(regions[i], targets[i]),
                         len(targets))
    return torch.tensor(cious, dtype=torch.float64, device=target.device)


def consensus_iou(map: Tensor,
                  target: Tensor,
                  area: float = 0.5,
                  compare: str = '>=',
                  threshold: Union[float, None] = None) -> Tensor:
    """Consensus IoU of each sample (LVS; FNAC's ``cal_CIOU``).

    Args:
        map (Tensor): (B, H, W), at the size of the target.
        target (Tensor): (B, H, W) in [0, 1], see :func:`boxes_to_target`.
        area (float): See :func:`select_region`.
        compare (str): See :func:`select_region`.
        threshold (float, optional): See :func:`select_region`.

    Returns:
        Tensor: (B,) float64 in [0, 1].

    Raises:
        ValueError: If the shapes differ or a map is not finite.
    """
    _check_shapes(map, target)
    cut = _check_cut(area, compare, threshold)
    maps, targets = as_array(map), as_array(target)
    cious = for_each_row(
        lambda i: _row_ciou(row_region(maps[i], *cut), targets[i]), len(maps))
    return torch.tensor(cious, dtype=torch.float64, device=target.device)


def _as_cious(cious: ArrayLike) -> np.ndarray:
    """Flat float64 array; ValueError if empty or not finite."""
    array = np.asarray(cious, dtype=np.float64).reshape(-1)
    if array.size == 0:
        raise ValueError('no cIoU given: a score needs at least one sample')
    if not np.isfinite(array).all():
        raise ValueError('cIoUs hold NaN or infinity')
    return array


def success_rate(cious: ArrayLike, threshold: float = 0.5) -> float:
    """Share of samples with ``cIoU >= threshold``: the papers' "cIoU".

    Args:
        cious (Tensor): (B,) cIoU of each sample.
        threshold (float): Defaults to 0.5.

    Returns:
        float: In [0, 1].

    Raises:
        ValueError: If there is no sample or a value is not finite.
    """
    return float((_as_cious(cious) >= threshold).mean())


def success_auc(cious: ArrayLike) -> float:
    """Area under the success rate over 21 thresholds ``0.05 * k``.

    The thresholds are that product in float64, as published: a cIoU of 0.15
    does not pass ``0.05 * 3``.

    Args:
        cious (Tensor): (B,) cIoU of each sample.

    Returns:
        float: In [0, 1], by the trapezoid rule.

    Raises:
        ValueError: If there is no sample or a value is not finite.
    """
    array = _as_cious(cious)
    thresholds = [0.05 * k for k in range(21)]
    rates = [float((array >= t).mean()) for t in thresholds]
    return float(np.trapezoid(rates, thresholds))


def summarize_cious(cious: ArrayLike) -> Dict[str, float]:
    """The three numbers of the field, in percent.

    Args:
        cious (Tensor): (B,) cIoU of each sample.

    Returns:
        dict[str, float]: ``ciou@0.5``, ``mean_ciou`` and ``auc``.

    Raises:
        ValueError: If there is no sample or a value is not finite.
    """
    array = _as_cious(cious)
    return {
        'ciou@0.5': 100 * success_rate(array),
        'mean_ciou': 100 * math.fsum(array) / len(array),
        'auc': 100 * success_auc(array),
    }
