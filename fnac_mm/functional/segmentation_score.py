"""Scores against masks: AVSBench's mIoU and F-measure, and pixel AP.

Maps are taken as they are: bring them to [0, 1] first (min-max, or a sigmoid
where they are logits), once.

Shape legend: B frames, (H, W) pixels, T thresholds.
"""
import math
from typing import Dict, Iterator, Tuple

import numpy as np
import torch
from torch import Tensor

from .detection_score import average_precision
from .localization_map import check_finite
from .localization_score import ArrayLike

# Weight of the recall in the F-measure, as published.
BETA_SQUARED = 0.3


def f_measure_thresholds() -> np.ndarray:
    """The 255 published thresholds; the last one is 1 in float32."""
    return torch.linspace(0, 1 - 1e-10, 255).numpy()


def _check_mask(target: Tensor) -> Tensor:
    """(B, H, W) boolean; ValueError unless the values are 0 and 1."""
    if target.dim() != 3:
        raise ValueError(f'expected masks (B,H,W), got {tuple(target.shape)}')
    mask = target != 0
    # A tensor of the device ``meta`` holds nothing to be compared.
    if not (mask.is_meta or torch.equal(mask.to(target.dtype), target)):
        raise ValueError('a mask holds other values than 0 and 1 (largest: '
                         f'{target.max().item()}); binarise it first, a jpeg '
                         'at > 127, a palette at != 0')
    return mask


def frame_iou(region: Tensor, target: Tensor) -> Tensor:
    """IoU of each frame as AVSBench counts it.

    Where nothing sounds, it is the share of the picture that is not
    predicted: an empty prediction scores 1.

    Args:
        region (Tensor): Boolean (B, H, W), see :func:`select_region`;
            published is logit > 0.
        target (Tensor): (B, H, W), 0 and 1.

    Returns:
        Tensor: (B,) float64, ``intersection / (union + 1e-7)``. Its mean
        over all frames is the mIoU.

    Raises:
        ValueError: If the shapes differ or a mask is not binary.
    """
    mask = _check_mask(target)
    if region.shape != mask.shape or region.dtype != torch.bool:
        raise ValueError('expected boolean regions and masks of one shape, '
                         f'got {region.dtype} {tuple(region.shape)} and '
                         f'{tuple(mask.shape)}')
    empty = ~mask.flatten(1).any(dim=1)[:, None, None]
    shared = torch.where(empty, ~region, region & mask)
    either = region | mask | empty
    union = either.sum(dim=(1, 2), dtype=torch.float64)
    return shared.sum(dim=(1, 2), dtype=torch.float64) / (union + 1e-7)


def _sorted_pixels(map: Tensor,
                   target: Tensor) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Values of each frame on and off its object, ascending, float32."""
    mask = _check_mask(target).cpu().numpy()
    if map.shape != target.shape:
        raise ValueError('expected maps and masks of one shape, got '
                         f'{tuple(map.shape)} and {tuple(target.shape)}')
    check_finite(map)
    for values, chosen in zip(map.detach().float().cpu().numpy(), mask):
        yield np.sort(values[chosen]), np.sort(values[~chosen])


def f_measure_curve(map: Tensor, target: Tensor) -> Tensor:
    """F-measure of each frame at the 255 thresholds.

    ``1.3 P R / (0.3 P + R)`` with P and R of ``map >= t``, and 0 / 0 := 0.
    Counted in sorted values instead of by 255 comparisons of every pixel.

    Args:
        map (Tensor): (B, H, W) in [0, 1], compared in float32 as published.
        target (Tensor): (B, H, W), 0 and 1.

    Returns:
        Tensor: (B, 255) float64 on the CPU. NaN throughout for a frame
        without object, which has no F-measure.

    Raises:
        ValueError: If the shapes differ, a map is not finite or a mask is
            not binary.
    """
    limits = f_measure_thresholds()
    curves = np.full((len(map), len(limits)), np.nan)
    for curve, (inside, outside) in zip(curves, _sorted_pixels(map, target)):
        if not inside.size:
            continue
        hit = len(inside) - np.searchsorted(inside, limits)
        predicted = hit + len(outside) - np.searchsorted(outside, limits)
        precision = hit / np.maximum(predicted, 1)
        recall = hit / len(inside)
        below = BETA_SQUARED * precision + recall
        curve[:] = ((1 + BETA_SQUARED) * precision * recall /
                    np.where(below == 0, 1, below))
    return torch.from_numpy(curves)


def max_f_measure(curves: ArrayLike) -> float:
    """Largest F-measure of a data set: mean over frames, then maximum.

    The published code takes the maximum in each batch, so its number depends
    on the size of the batch.

    Args:
        curves (Tensor): (n, 255), see :func:`f_measure_curve`, of all
            frames; those of NaN are left out.

    Returns:
        float: In [0, 1]; NaN if no frame has an object.
    """
    array = np.asarray(curves)
    known = array[~np.isnan(array).any(axis=1)]
    return float(known.mean(axis=0).max()) if len(known) else math.nan


def pixel_average_precision(map: Tensor, target: Tensor) -> Tensor:
    """Average precision of the pixels of each frame.

    Our definition of the "mAP" that papers report without code: each
    picture's own :func:`average_precision`, to be averaged over pictures.

    Arguments and errors are those of :func:`f_measure_curve`, but only the
    order of the values counts.

    Returns:
        Tensor: (B,) float64 on the CPU; NaN for a frame without object. A
        constant map gives the share of the object.
    """
    return torch.tensor([
        average_precision(inside, outside, len(inside))
        for inside, outside in _sorted_pixels(map, target)
    ],
                        dtype=torch.float64)


def summarize_segmentation(ious: ArrayLike, curves: ArrayLike,
                           precisions: ArrayLike) -> Dict[str, float]:
    """mIoU, F-measure and pixel AP of a data set, in percent.

    Args:
        ious (Tensor): (n,), see :func:`frame_iou`.
        curves (Tensor): (n, 255), see :func:`f_measure_curve`.
        precisions (Tensor): (n,), see :func:`pixel_average_precision`.

    Returns:
        dict[str, float]: ``miou`` (all frames), ``max_f`` and ``pixel_ap``
        (frames with an object; NaN if there is none) and ``n_empty``, the
        number of frames without.

    Raises:
        ValueError: If there is no frame.
    """
    values = np.asarray(ious, dtype=np.float64)
    if not values.size:
        raise ValueError('no frame given: a score needs at least one')
    pixel = np.asarray(precisions, dtype=np.float64)
    known = pixel[~np.isnan(pixel)]
    return dict(
        miou=100 * float(values.mean()),
        max_f=100 * max_f_measure(curves),
        pixel_ap=100 * float(known.mean()) if known.size else math.nan,
        n_empty=len(pixel) - len(known))
