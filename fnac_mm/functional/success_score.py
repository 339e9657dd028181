"""From cIoUs to the numbers of the field, of samples and of groups.

A group is right if all of it is (SSL-Alignment's interactive scores). What is
measured depends on the group: both objects of a picture of IS3, all sounds of
one of VPO-MS, all five frames of a clip of AVSBench.

Everywhere ``cious`` are (n,), the cIoU of each sample, and ``groups`` n keys.
No sample, or a value that is not finite, is a ValueError.
"""
import math
from collections import Counter
from typing import Dict, Hashable, Sequence

import numpy as np

from .localization_score import ArrayLike

# As published, products in float64: a cIoU of 0.15 does not pass 0.05 * 3.
THRESHOLDS = np.array([0.05 * k for k in range(21)])


def as_cious(cious: ArrayLike) -> np.ndarray:
    """(B,) float64 in the form in which cIoUs are scored.
    """
    array = np.asarray(cious, dtype=np.float64).reshape(-1)
    if array.size == 0:
        raise ValueError('no cIoU given: a score needs at least one sample')
    if not np.isfinite(array).all():
        raise ValueError('cIoUs hold NaN or infinity')
    return array


def success_rate(cious: ArrayLike, threshold: float = 0.5) -> float:
    """Share of samples with ``cIoU >= threshold``: the papers' "cIoU".

    Returns:
        float: In [0, 1].
    """
    return float((as_cious(cious) >= threshold).mean())


def success_auc(cious: ArrayLike) -> float:
    """Area under the success rate over 21 thresholds ``0.05 * k``.

    Returns:
        float: In [0, 1], by the trapezoid rule.
    """
    return threshold_auc(as_cious(cious), np.greater_equal)


def threshold_auc(values: np.ndarray, compare: np.ufunc) -> float:
    """Area under the rate of values that compare with a threshold."""
    rates = [float(compare(values, t).mean()) for t in THRESHOLDS]
    return float(np.trapezoid(rates, THRESHOLDS))


def summarize_cious(cious: ArrayLike) -> Dict[str, float]:
    """The three numbers of the field, in percent.

    Returns:
        dict[str, float]: ``ciou@0.5``, ``mean_ciou`` and ``auc``.
    """
    array = as_cious(cious)
    return {
        'ciou@0.5': 100 * success_rate(array),
        'mean_ciou': 100 * math.fsum(array) / len(array),
        'auc': 100 * success_auc(array),
    }


def sample_scores(cious: ArrayLike) -> Dict[str, np.ndarray]:
    """What each sample contributes to the three numbers of the field.

    Returns:
        dict[str, np.ndarray]: ``ciou@0.5``, ``mean_ciou`` and ``auc``, each
        (n,) in percent; their means are those of :func:`summarize_cious`.
    """
    array = as_cious(cious)
    passed = (array[:, None] >= THRESHOLDS).astype(np.float64)
    return {
        'ciou@0.5': 100.0 * (array >= 0.5),
        'mean_ciou': 100 * array,
        'auc': 100 * np.trapezoid(passed, THRESHOLDS, axis=1),
    }


def group_cious(cious: ArrayLike, groups: Sequence[Hashable]) -> np.ndarray:
    """Smallest cIoU of each group.

    "All members reach t" is "the smallest reaches t", so any score of these
    is that score of the groups.

    Returns:
        np.ndarray: (number of groups,) float64, in order of appearance.

    Raises:
        ValueError: Also if a key is None, or there are not as many keys as
            samples.
    """
    array = as_cious(cious)
    if len(groups) != len(array):
        raise ValueError(f'{len(array)} cIoUs but {len(groups)} group keys')
    if any(key is None for key in groups):
        raise ValueError(f'sample {list(groups).index(None)} has no group: '
                         'every sample needs a key, its own if it is alone')
    smallest: Dict[Hashable, float] = {}
    for key, value in zip(groups, array.tolist()):
        smallest[key] = min(value, smallest.get(key, value))
    return np.array(list(smallest.values()))


def summarize_groups(cious: ArrayLike,
                     groups: Sequence[Hashable]) -> Dict[str, float]:
    """IIoU and IAUC, in percent.

    Adaptive cIoUs give the published ``_adap`` variants. Groups of one count
    like the others.

    Returns:
        dict[str, float]: ``iiou@0.5``, ``iauc``, ``n_groups`` and
        ``n_single``, the number of groups of one: where all are, these are
        the scores of the samples.
    """
    smallest = group_cious(cious, groups)
    sizes = Counter(groups).values()
    return {
        'iiou@0.5': 100 * success_rate(smallest),
        'iauc': 100 * success_auc(smallest),
        'n_groups': len(smallest),
        'n_single': sum(size == 1 for size in sizes),
    }
