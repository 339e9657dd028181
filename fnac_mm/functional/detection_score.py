"""Does it sound, and where: scores with negatives (SLAVC's extended sets).

A sample has a confidence and, if it is positive, a cIoU. A detection is right
if the sample is positive and its cIoU reaches the IoU threshold. Two ways to
count what was missed are in use and must not be mixed:

- ``'standard'``: every positive that was not found where it is.
- ``'slavc'`` (published): positives below the confidence threshold. One that
  was found in the wrong place is a false alarm but not missed, so the recall
  is too high and can fall when the threshold is lowered.
"""
import math
from typing import Dict, Tuple

import numpy as np
import torch
from torch import Tensor

from .localization_map import check_finite
from .localization_score import ArrayLike, as_float

MODES = ('slavc', 'standard')
# Pixels of the target, of 224 x 224: from (included) and to (excluded).
SIZES = dict(
    small=(0, 32**2),
    medium=(32**2, 96**2),
    large=(96**2, 144**2),
    huge=(144**2, math.inf))


def map_confidence(score: Tensor, share: float = 0.25) -> Tensor:
    """Mean of the largest values of each map, SLAVC's confidence.

    Args:
        score (Tensor): (B, H, W), before min-max: after it, every map has
            the same maximum.
        share (float): Share of the pixels, rounded up. Defaults to 0.25.

    Returns:
        Tensor: (B,) float64.

    Raises:
        ValueError: If the map is of another rank or not finite, or the share
            is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f'share must be in (0, 1], got {share}')
    if score.dim() != 3:
        raise ValueError(f'expected maps (B,H,W), got {tuple(score.shape)}')
    check_finite(score)
    flat = as_float(score).flatten(1)
    count = math.ceil(share * flat.shape[1])
    largest = flat.topk(count, dim=1, sorted=False).values
    return largest.mean(dim=1, dtype=torch.float64)


def average_precision(right: np.ndarray, wrong: np.ndarray,
                      n_relevant: int) -> float:
    """Mean precision at the score of each hit, not interpolated.

    ``sum over thresholds of (R_i - R_(i-1)) P_i``: equal scores are one
    threshold, and the first segment counts. scikit-learn's
    ``average_precision_score`` where ``n_relevant`` is the number of hits.

    Args:
        right (np.ndarray): (m,) scores of the right answers, ascending.
        wrong (np.ndarray): Scores of the wrong answers, ascending.
        n_relevant (int): Right answers there are, found or not.

    Returns:
        float: In [0, 1]; NaN if nothing is relevant.
    """
    if n_relevant == 0:
        return math.nan
    found = len(right) - np.searchsorted(right, right)
    alarms = len(wrong) - np.searchsorted(wrong, right)
    return float((found / (found + alarms)).sum() / n_relevant)


def _check(confidence: ArrayLike, cious: ArrayLike, positive: ArrayLike,
           mode: str) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three as arrays of one length; cIoUs of negatives may be NaN."""
    if mode not in MODES:
        raise ValueError(f'mode must be one of {MODES}, got {mode!r}')
    values = np.asarray(confidence, dtype=np.float64).reshape(-1)
    ious = np.asarray(cious, dtype=np.float64).reshape(-1)
    is_positive = np.asarray(positive, dtype=bool).reshape(-1)
    if not len(values) == len(ious) == len(is_positive) or not len(values):
        raise ValueError('confidence, cious and positive need one value per '
                         f'sample, got {len(values)}, {len(ious)} and '
                         f'{len(is_positive)}')
    if not (np.isfinite(values).all()
            and np.isfinite(ious[is_positive]).all()):
        raise ValueError('a confidence, or the cIoU of a positive sample, is '
                         'NaN or infinite')
    return values, ious, is_positive


def _reaching(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many values reach each threshold."""
    return len(values) - np.searchsorted(np.sort(values), thresholds)


def detection_curve(
        confidence: ArrayLike,
        cious: ArrayLike,
        positive: ArrayLike,
        thresholds: ArrayLike,
        mode: str = 'slavc',
        iou_threshold: float = 0.5) -> Tuple[np.ndarray, np.ndarray]:
    """Precision and recall at confidence thresholds.

    Args:
        confidence (Tensor): (n,).
        cious (Tensor): (n,); those of negatives are ignored and may be NaN.
        positive (Tensor): Boolean (n,): the sample has an annotated box,
            even one of zero area.
        thresholds (Tensor): (m,); what reaches one is a detection.
        mode (str): ``'slavc'`` or ``'standard'``, see above.
        iou_threshold (float): Defaults to 0.5.

    Returns:
        tuple[np.ndarray, np.ndarray]: Precision and recall, (m,) float64,
        with 0 / 0 := 1 as published.

    Raises:
        ValueError: If the mode is unknown, there is no sample, or a value
            that counts is not finite.
    """
    values, ious, is_positive = _check(confidence, cious, positive, mode)
    hits = is_positive & (ious >= iou_threshold)
    limits = np.asarray(thresholds, dtype=np.float64).reshape(-1)
    found = _reaching(values[hits], limits)
    detected = _reaching(values, limits)
    relevant = np.full(len(limits), is_positive.sum())
    if mode == 'slavc':
        relevant -= _reaching(values[is_positive & ~hits], limits)
    precision, recall = np.ones((2, len(limits)))
    np.divide(found, detected, out=precision, where=detected > 0)
    np.divide(found, relevant, out=recall, where=relevant > 0)
    return precision, recall


def _f1(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Harmonic mean with 0 / 0 := 0."""
    total = precision + recall
    return 2 * precision * recall / np.where(total == 0, 1, total)


def detection_ap(confidence: ArrayLike,
                 cious: ArrayLike,
                 positive: ArrayLike,
                 mode: str = 'slavc',
                 iou_threshold: float = 0.5) -> float:
    """Average precision.

    ``'standard'``: :func:`average_precision` with all positives relevant.
    ``'slavc'``, as published: every ``n // 200``-th confidence from the
    second largest down, precision made monotone, the segment before the
    first threshold dropped; steps can be negative, and confidences that are
    all equal give 0.

    Arguments and errors are those of :func:`detection_curve`.

    Returns:
        float: At most 1. NaN in the standard if nothing is positive.
    """
    values, ious, is_positive = _check(confidence, cious, positive, mode)
    if mode == 'standard':
        hits = is_positive & (ious >= iou_threshold)
        return average_precision(
            np.sort(values[hits]), np.sort(values[~hits]),
            int(is_positive.sum()))
    limits = np.sort(values)[:-1][::-max(1, len(values) // 200)]
    precision, recall = detection_curve(values, ious, is_positive, limits,
                                        mode, iou_threshold)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((best[:-1] * np.diff(recall)).sum())


def detection_f1(confidence: ArrayLike,
                 cious: ArrayLike,
                 positive: ArrayLike,
                 mode: str = 'slavc',
                 iou_threshold: float = 0.5) -> float:
    """Largest F1 over confidence thresholds.

    ``'standard'`` tries every confidence, ``'slavc'`` every ``n // 10``-th
    from the smallest up, as published.

    Arguments and errors are those of :func:`detection_curve`.

    Returns:
        float: In [0, 1]. NaN in the standard if nothing is positive.
    """
    values, ious, is_positive = _check(confidence, cious, positive, mode)
    if mode == 'standard' and not is_positive.any():
        return math.nan
    step = 1 if mode == 'standard' else max(1, len(values) // 10)
    curve = detection_curve(values, ious, is_positive,
                            np.sort(values)[::step], mode, iou_threshold)
    return float(_f1(*curve).max())


def location_accuracy(cious: ArrayLike,
                      positive: ArrayLike,
                      iou_threshold: float = 0.5) -> float:
    """Share of positives that were found where they are (LocAcc).

    Args:
        cious (Tensor): (n,); those of negatives are ignored.
        positive (Tensor): Boolean (n,); any subset of the positives gives
            its accuracy, see :func:`size_subsets`.
        iou_threshold (float): Defaults to 0.5.

    Returns:
        float: In [0, 1]; NaN if nothing is positive.
    """
    chosen = np.asarray(cious, np.float64)[np.asarray(positive, bool)]
    return float((chosen >= iou_threshold).mean()) if chosen.size else math.nan


def size_subsets(areas: ArrayLike,
                 positive: ArrayLike) -> Dict[str, np.ndarray]:
    """Positives by the size of their target, as SLAVC divides them.

    Args:
        areas (Tensor): (n,) sum of each target, of 224 x 224 pixels.
        positive (Tensor): Boolean (n,).

    Returns:
        dict[str, np.ndarray]: Boolean (n,) by the names of ``SIZES``.
    """
    pixels = np.asarray(areas, dtype=np.float64)
    is_positive = np.asarray(positive, dtype=bool)
    return {
        name: is_positive & (low <= pixels) & (pixels < high)
        for name, (low, high) in SIZES.items()
    }


def summarize_detections(
        confidence: ArrayLike,
        cious: ArrayLike,
        positive: ArrayLike,
        mode: str = 'slavc',
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.5) -> Dict[str, float]:
    """AP, max-F1, F1 at a fixed threshold and LocAcc, in percent.

    Other arguments and errors are those of :func:`detection_curve`.

    Args:
        confidence_threshold (float): Of ``f1``. Defaults to 0.5.

    Returns:
        dict[str, float]: ``ap``, ``max_f1``, ``f1`` and ``loc_acc``.
    """
    sample = (confidence, cious, positive)
    fixed = detection_curve(*sample, [confidence_threshold], mode,
                            iou_threshold)
    return dict(
        ap=100 * detection_ap(*sample, mode, iou_threshold),
        max_f1=100 * detection_f1(*sample, mode, iou_threshold),
        f1=100 * float(_f1(*fixed)[0]),
        loc_acc=100 * location_accuracy(cious, positive, iou_threshold))
