"""How sure is a score: bootstrap intervals.

Everything is over samples: what a metric says of one sample is drawn again,
no model is run. Samples that hang together (the frames of a clip, the sounds
of a picture) are drawn together where ``groups`` says so; else the interval
of AVSBench's five frames per clip is too narrow by up to a factor of 2.2.

scipy.stats is imported where it is used: it takes longer than the rest of
the package's own import.
"""
from typing import Callable, Dict, Hashable, Optional, Sequence, Tuple

import numpy as np

from .localization_score import ArrayLike

Groups = Optional[Sequence[Hashable]]
Interval = Tuple[float, float]
# Drawn indices held at once.
BATCH = 2**21


def number_groups(n: int, groups: Groups) -> np.ndarray:
    """Number of the group of each of n samples, in order of appearance.

    Raises:
        ValueError: If there are not as many keys as samples.
    """
    if groups is None:
        return np.arange(n)
    if len(groups) != n:
        raise ValueError(f'{n} samples but {len(groups)} group keys')
    numbers: Dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in groups])


def mean_interval(values: ArrayLike,
                  groups: Groups = None,
                  level: float = 0.95,
                  n_resamples: int = 2000,
                  seed: int = 0) -> np.ndarray:
    """Bootstrap percentile interval of a mean over samples.

    Success rates, mean cIoU, AUC, LocAcc, pIA, mIoU and recall are means of
    what each sample contributes.

    Args:
        values (Tensor): (..., n); all rows are drawn alike.
        groups (Sequence, optional): n keys of what is drawn together.
        level (float): Defaults to 0.95.
        n_resamples (int): Defaults to 2000.
        seed (int): Same seed, same interval. Defaults to 0.

    Returns:
        np.ndarray: (2, ...), low and high; NaN where there are fewer than
        two units to draw from: one sample says nothing of its spread.

    Raises:
        ValueError: If there is no value, one is not finite, or there are
            not as many keys as samples.
    """
    from scipy import stats
    array = np.asarray(values, dtype=np.float64)
    if not array.size or not np.isfinite(array).all():
        raise ValueError('expected at least one value, all finite, got '
                         f'{array.size}')
    members = number_groups(array.shape[-1], groups)
    counts = np.bincount(members)
    if len(counts) < 2:
        return np.full((2, *array.shape[:-1]), np.nan)
    sums = np.apply_along_axis(lambda row: np.bincount(members, row), -1,
                               array)

    def mean(drawn: np.ndarray, axis: int) -> np.ndarray:
        return sums[..., drawn].sum(axis) / counts[drawn].sum(axis)

    drawn = stats.bootstrap((np.arange(len(counts)), ),
                            mean,
                            n_resamples=n_resamples,
                            batch=max(1, BATCH // sums.size),
                            confidence_level=level,
                            method='percentile',
                            random_state=np.random.default_rng(seed))
    return np.array(drawn.confidence_interval)


def bootstrap_interval(statistic: Callable[..., float],
                       *columns: ArrayLike,
                       groups: Groups = None,
                       level: float = 0.95,
                       n_resamples: int = 1000,
                       seed: int = 0) -> Interval:
    """Bootstrap percentile interval of any statistic, one draw at a time.

    For what is not a mean: average precision, F1, the F-measure of a data
    set. For means :func:`mean_interval` is some 50 times faster.

    Args:
        statistic (Callable): Takes as many arrays as there are columns.
        *columns (Tensor): (n, ...) each; row i of all is sample i.
        groups (Sequence, optional): n keys of what is drawn together.
        level (float): Defaults to 0.95.
        n_resamples (int): Defaults to 1000.
        seed (int): Same seed, same interval. Defaults to 0.

    Returns:
        tuple[float, float]: Low and high. NaN if there are fewer than two
        units to draw from; draws of which the statistic is NaN are left out.

    Raises:
        ValueError: If there is no column, or they differ in length.
    """
    arrays = [np.asarray(column) for column in columns]
    if not arrays or len({len(array) for array in arrays}) != 1:
        raise ValueError('expected columns of one length, got '
                         f'{[len(array) for array in arrays]}')
    members = number_groups(len(arrays[0]), groups)
    counts = np.bincount(members)
    if len(counts) < 2:
        return np.nan, np.nan
    units = np.split(np.argsort(members, kind='stable'), counts.cumsum()[:-1])

    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_resamples):
        rows = rng.integers(len(counts), size=len(counts))
        if groups is not None:
            rows = np.concatenate([units[i] for i in rows])
        found.append(statistic(*(array[rows] for array in arrays)))
    tail = 50 * (1 - level)
    known = np.array(found)[~np.isnan(found)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.percentile(known, (tail, 100 - tail))
    return float(low), float(high)
