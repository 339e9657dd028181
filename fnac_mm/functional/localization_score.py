"""From maps and boxes to the cIoU of each sample, and what it is worth.

Two thresholds are in use: the half-image rule of the papers
(:func:`area_threshold`) and that of SSL-Alignment, which is told the size of
the object (:func:`adaptive_threshold`). They are other tasks; their scores
must not share a column.

Shape legend: B batch, (H, W) pixels. Boxes are ``(x0, y0, x1, y1)`` as
fractions of width and height.
"""
from typing import Dict, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor

from .localization_map import check_finite

ArrayLike = Union[Tensor, np.ndarray, Sequence[float]]

COMBINE = ('union', 'consensus')
# The published rule: half of the picture is predicted.
HALF_IMAGE = 0.5


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
    number = np.zeros((size, size), np.float32)
    for x0, y0, x1, y1 in (array.clip(0, 1) * size).astype(int).tolist():
        number[y0:y1, x0:x1] += 1
    enough = 1 if combine == 'union' else consensus
    return torch.from_numpy(np.minimum(number / np.float32(enough), 1))


def as_float(map: Tensor) -> Tensor:
    """Without gradient, float64 as it is, all else as float32."""
    map = map.detach()
    return map if map.dtype == torch.float64 else map.float()


def _predicted(size: int, area: float) -> int:
    """How many of this many pixels the area rule takes if no two tie."""
    if not 0 <= area < 1:
        raise ValueError(f'area must be in [0, 1), got {area}')
    return size - int(size * area)


def _smallest_of_largest(flat: Tensor, count: int) -> Tensor:
    """The count-th largest value (B,) of each row of (B, N)."""
    # Faster than to sort; kthvalue is not deterministic on a GPU.
    return flat.topk(count, dim=1, sorted=False).values.amin(dim=1)


def _total(values: Tensor) -> Tensor:
    """Sum (B,) of (B, H, W); of float32 numbers up to 1 it is exact."""
    return values.sum(dim=(1, 2), dtype=torch.float64)


def _reaching(map: Tensor, limit: Union[Tensor, float],
              compare: str) -> Tensor:
    """Boolean (B, H, W), where a map is above its limit (B,) or at it."""
    if compare not in ('>=', '>'):
        raise ValueError(f"compare must be '>=' or '>', got {compare!r}")
    if isinstance(limit, Tensor):
        limit = limit[:, None, None]
    return map >= limit if compare == '>=' else map > limit


def area_threshold(map: Tensor, area: float = HALF_IMAGE) -> Tensor:
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
    flat = map.detach().flatten(1)
    return _smallest_of_largest(flat, _predicted(flat.shape[1], area))


def select_region(map: Tensor,
                  area: float = HALF_IMAGE,
                  compare: str = '>=',
                  threshold: Optional[float] = None) -> Tensor:
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
    check_finite(map)
    map = as_float(map)
    limit = area_threshold(map, area) if threshold is None else threshold
    return _reaching(map, limit, compare)


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
    hit = _total(torch.where(region, target, 0))
    union = _total(target) + _total(region & (target == 0))
    return hit / torch.where(union == 0, 1, union)


def consensus_iou(map: Tensor,
                  target: Tensor,
                  area: float = HALF_IMAGE,
                  compare: str = '>=',
                  threshold: Optional[float] = None) -> Tensor:
    """Consensus IoU of each sample (LVS; FNAC's ``cal_CIOU``).

    Args:
        map (Tensor): (B, H, W), at the size of the target.
        target (Tensor): (B, H, W) in [0, 1], see :func:`boxes_to_target`.
        area, compare, threshold: See :func:`select_region`.

    Returns:
        Tensor: (B,) float64 in [0, 1].

    Raises:
        ValueError: See :func:`select_region` and :func:`region_ciou`.
    """
    region = select_region(map, area, compare, threshold)
    return region_ciou(region.to(target.device), target)


def adaptive_threshold(map: Tensor, target: Tensor) -> Tensor:
    """Value at which a map keeps as many pixels as the target has.

    With k the number of pixels where the target is not 0 (those that one
    annotator of Flickr-SoundNet marked count too), it is the k-th largest
    value; an empty target counts as half a picture.

    Args:
        map (Tensor): (B, H, W), or (1, H, W) for all targets.
        target (Tensor): (B, H, W) in [0, 1].

    Returns:
        Tensor: (B,) float32, or float64 for a map of that type.

    Raises:
        ValueError: If the shapes don't fit or a map is not finite.
    """
    if (map.dim() != 3 or map.shape[1:] != target.shape[1:]
            or len(map) not in (1, len(target))):
        raise ValueError('expected map (B,H,W) or (1,H,W) and target (B,H,W), '
                         f'got {tuple(map.shape)} and {tuple(target.shape)}')
    check_finite(map)
    flat = as_float(map).flatten(1)
    counts = torch.count_nonzero(target.flatten(1), dim=1).tolist()
    limits = [
        _smallest_of_largest(row[None], count or flat.shape[1] // 2)
        for row, count in zip(flat.expand(len(target), -1), counts)
    ]
    return torch.cat([flat.new_zeros(0), *limits])


def adaptive_ciou(map: Tensor, target: Tensor, compare: str = '>') -> Tensor:
    """Consensus IoU at the threshold of each target (SSL-Alignment).

    ``success_rate`` and ``success_auc`` of it are the published
    ``cIoU_adap`` and ``AUC_adap``. With ``centre_map()[None]`` for a map it
    is what the image-blind guess gets. Other arguments and errors are those
    of :func:`adaptive_threshold`.

    Args:
        compare (str): ``'>'`` (published) keeps one pixel less than the
            target has, where no two values are equal, and nothing of a
            constant map; ``'>='`` as many, and everything.

    Returns:
        Tensor: (B,) float64 in [0, 1]; 0 for an empty target.
    """
    region = _reaching(as_float(map), adaptive_threshold(map, target), compare)
    return region_ciou(region.to(target.device), target)


def oracle_ciou(target: Tensor,
                area: float = HALF_IMAGE,
                compare: str = '>=') -> Tensor:
    """Best cIoU that any map without ties can reach under the area rule.

    The rule always selects the same number of pixels; the best choice takes
    those of the largest target first.

    Args:
        target (Tensor): (B, H, W) in [0, 1].
        area, compare: See :func:`select_region`.

    Returns:
        Tensor: (B,) float64.
    """
    flat = as_float(target).flatten(1)
    count = _predicted(flat.shape[1], area) - (compare == '>')
    best = flat.topk(count, dim=1, sorted=False).values
    unused = (count - torch.count_nonzero(flat, dim=1)).clamp(min=0)
    union = flat.sum(dim=1, dtype=torch.float64) + unused
    return (best.sum(dim=1, dtype=torch.float64) /
            torch.where(union == 0, 1, union))


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
                   area: float = HALF_IMAGE,
                   compare: str = '>=') -> Dict[str, Tensor]:
    """What a score on these targets is worth: image-blind guesses and cap.

    Arguments are those of :func:`oracle_ciou`.

    Returns:
        dict[str, Tensor]: ``whole_image``, ``centre`` and ``oracle_cap``,
        each (B,) float64.
    """
    centre = select_region(centre_map(target.shape[-1])[None], area, compare)
    centre = centre.to(target.device).expand(target.shape)
    return dict(
        whole_image=region_ciou(torch.ones_like(centre), target),
        centre=region_ciou(centre, target),
        oracle_cap=oracle_ciou(target, area, compare))
