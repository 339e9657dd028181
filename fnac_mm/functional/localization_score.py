"""From maps and boxes to scores: consensus IoU and its aggregates.

Shape legend: B batch, (H, W) pixels. Boxes are ``(x0, y0, x1, y1)`` as
fractions of width and height.
"""
import math
from typing import Dict, Sequence, Union

import numpy as np
import torch
from torch import Tensor

ArrayLike = Union[Tensor, np.ndarray, Sequence[float]]

COMBINE = ('union', 'consensus')


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
    if np.isnan(array).any():
        raise ValueError(f'boxes hold NaN: {array.tolist()}')
    count = np.zeros((size, size), np.float32)
    for x0, y0, x1, y1 in (np.clip(array, 0, 1) * size).astype(int):
        count[y0:y1, x0:x1] += 1
    if combine == 'union':
        consensus = 1
    return torch.from_numpy(np.minimum(count / consensus, 1))


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
    if not 0 <= area < 1:
        raise ValueError(f'area must be in [0, 1), got {area}')
    flat = map.detach().flatten(1)
    index = int(flat.shape[1] * area)
    if flat.is_cuda:
        return flat.kthvalue(index + 1, dim=1).values
    # Selecting with numpy, which has no bfloat16, is some 7 times faster.
    wide = flat if flat.dtype == torch.float64 else flat.float()
    value = np.partition(wide.numpy(), index, axis=1)[:, index]
    return torch.from_numpy(value).to(flat.dtype)


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
    if compare not in ('>=', '>'):
        raise ValueError(f"compare must be '>=' or '>', got {compare!r}")
    if not torch.isfinite(map).all():
        raise ValueError('a map holds NaN or infinity; it has no score')
    if threshold is None:
        limit = area_threshold(map, area)[:, None, None]
    else:
        limit = map.new_tensor(threshold)
    return map >= limit if compare == '>=' else map > limit


def _ratio(hit: Tensor, total: Tensor) -> Tensor:
    """hit / total with 0 / 0 := 0."""
    return torch.where(total == 0, 0, hit / torch.where(total == 0, 1, total))


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
    if region.shape != target.shape or region.dim() != 3:
        raise ValueError('expected two (B,H,W) of the same shape, got '
                         f'{tuple(region.shape)} and {tuple(target.shape)}')
    hit = target * region.to(target.dtype)
    wrong = torch.count_nonzero(region & (target == 0), dim=(1, 2))
    total = target.sum(dim=(1, 2), dtype=torch.float64)
    return _ratio(hit.sum(dim=(1, 2), dtype=torch.float64), total + wrong)


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
    return region_ciou(select_region(map, area, compare, threshold), target)


def oracle_ciou(target: Tensor,
                area: float = 0.5,
                compare: str = '>=') -> Tensor:
    """Best cIoU that any map without ties can reach under the area rule.

    The rule always selects the same number of pixels; the best choice takes
    those of the largest target first.

    Args:
        target (Tensor): (B, H, W) in [0, 1].
        area (float): See :func:`select_region`.
        compare (str): See :func:`select_region`.

    Returns:
        Tensor: (B,) float64.
    """
    flat = target.flatten(1).cpu().numpy()
    first = int(flat.shape[1] * area) + (compare == '>')
    count = flat.shape[1] - first
    inside = np.count_nonzero(flat, axis=1)
    total = flat.sum(axis=1, dtype=np.float64)
    best = total.copy()
    # Only of a target larger than the region is anything left out.
    large = inside > count
    chosen = np.partition(flat[large], min(first, flat.shape[1] - 1), axis=1)
    best[large] = chosen[:, first:].sum(axis=1, dtype=np.float64)
    wrong = np.maximum(count - inside, 0)
    return _ratio(torch.from_numpy(best),
                  torch.from_numpy(total + wrong)).to(target.device)


def centre_map(size: int = 224) -> Tensor:
    """Image-blind guess: minus the squared distance from the centre.

    Args:
        size (int): Pixels of each side. Defaults to 224.

    Returns:
        Tensor: (size, size) float32.
    """
    axis = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    return -(axis[:, None].square() + axis[None, :].square())


def baseline_cious(target: Tensor,
                   area: float = 0.5,
                   compare: str = '>=') -> Dict[str, Tensor]:
    """What a score on these targets is worth: image-blind guesses and cap.

    Args:
        target (Tensor): (B, H, W) in [0, 1].
        area (float): See :func:`select_region`.
        compare (str): See :func:`select_region`.

    Returns:
        dict[str, Tensor]: ``whole_image``, ``centre`` and ``oracle_cap``,
        each (B,) float64.
    """
    centre = select_region(centre_map(target.shape[-1])[None], area, compare)
    # Both regions are the same for every sample: a product sums under both.
    regions = torch.stack((torch.ones_like(centre), centre)).flatten(1)
    regions = regions.to(target.device, torch.float64).T
    flat = target.flatten(1)
    hit = flat.double() @ regions
    wrong = (flat == 0).double() @ regions
    whole_image, centre = _ratio(hit, hit[:, :1] + wrong).unbind(1)
    return dict(
        whole_image=whole_image,
        centre=centre,
        oracle_cap=oracle_ciou(target, area, compare))


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
