"""How sure is a score: bootstrap intervals and paired tests.

Everything is over samples: what a metric says of one sample is drawn again,
no model is run. Samples that hang together (the frames of a clip, the sounds
of a picture) are drawn together where ``groups`` says so; else the interval
of AVSBench's five frames per clip is too narrow by up to a factor of 2.2.

scipy.stats is imported where it is used: it takes longer than the rest of
the package's own import.
"""
import math
from typing import Any, Callable, Dict, Hashable, Optional, Sequence, Tuple

import numpy as np

from .localization_score import ArrayLike, _as_cious

Groups = Optional[Sequence[Hashable]]
Interval = Tuple[float, float]
# Drawn indices held at once.
_BATCH = 2**21


def _members(n: int, groups: Groups) -> np.ndarray:
    """Number of the group of each of n samples, from 0."""
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
    members = _members(array.shape[-1], groups)
    counts = np.bincount(members)
    if len(counts) < 2:
        return np.full((2, *array.shape[:-1]), np.nan)
    sums = np.zeros((len(counts), *array.shape[:-1]))
    np.add.at(sums, members, np.moveaxis(array, -1, 0))
    sums = np.moveaxis(sums, 0, -1)

    def statistic(drawn: np.ndarray, axis: int) -> np.ndarray:
        return sums[..., drawn].sum(axis) / counts[drawn].sum(axis)

    drawn = stats.bootstrap((np.arange(len(counts)), ),
                            statistic,
                            vectorized=True,
                            n_resamples=n_resamples,
                            batch=max(1, _BATCH // sums.size),
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
    members = _members(len(arrays[0]), groups)
    n_units = len(np.unique(members))
    if n_units < 2:
        return np.nan, np.nan
    ends = np.cumsum(np.bincount(members))[:-1]
    units = np.split(np.argsort(members, kind='stable'), ends)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_resamples):
        rows = rng.integers(n_units, size=n_units)
        if groups is not None:
            rows = np.concatenate([units[i] for i in rows])
        found.append(statistic(*(array[rows] for array in arrays)))
    tail = 50 * (1 - level)
    known = np.array(found)[~np.isnan(found)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.percentile(known, (tail, 100 - tail))
    return float(low), float(high)


def sample_scores(cious: ArrayLike) -> Dict[str, np.ndarray]:
    """What each sample contributes to the three numbers of the field.

    Args:
        cious (Tensor): (n,) cIoU of each sample.

    Returns:
        dict[str, np.ndarray]: ``ciou@0.5``, ``mean_ciou`` and ``auc``, each
        (n,) in percent; their means are those of :func:`summarize_cious`.

    Raises:
        ValueError: If there is no sample or a value is not finite.
    """
    array = _as_cious(cious)
    thresholds = np.array([0.05 * k for k in range(21)])
    passed = (array[:, None] >= thresholds).astype(np.float64)
    return {
        'ciou@0.5': 100.0 * (array >= 0.5),
        'mean_ciou': 100 * array,
        'auc': 100 * np.trapezoid(passed, thresholds, axis=1),
    }


def summarize_intervals(cious: ArrayLike,
                        groups: Groups = None,
                        **kwargs: Any) -> Dict[str, Interval]:
    """Intervals of the three numbers of the field, in percent.

    For IIoU and IAUC give the cIoUs of the groups (:func:`group_cious`).

    Args:
        cious (Tensor): (n,) cIoU of each sample.
        groups (Sequence, optional): n keys of what is drawn together.
        **kwargs: Other arguments of :func:`mean_interval`.

    Returns:
        dict[str, tuple[float, float]]: Low and high of ``ciou@0.5``,
        ``mean_ciou`` and ``auc``, from the same draws.

    Raises:
        ValueError: See :func:`mean_interval`.
    """
    scores = sample_scores(cious)
    low, high = mean_interval(
        np.stack(list(scores.values())), groups, **kwargs)
    return dict(zip(scores, zip(low.tolist(), high.tolist())))


def _sign_flip_p(changes: np.ndarray, n_resamples: int, seed: int) -> float:
    """Share of sign patterns with a sum as far from 0 as that observed."""
    n = len(changes)
    exact = 2**n <= n_resamples
    count = 2**n if exact else n_resamples
    # Against rounding: patterns with the sum observed must count.
    observed = abs(changes.sum()) - 1e-12 * np.abs(changes).sum()
    rng = np.random.default_rng(seed)
    beyond = 0
    step = max(1, _BATCH // n)
    for start in range(0, count, step):
        if exact:
            patterns = np.arange(start, min(start + step, count))
            flips = (patterns[:, None] >> np.arange(n) & 1).astype(np.float64)
        else:
            shape = min(step, count - start), -(-n // 8)
            random = np.frombuffer(rng.bytes(math.prod(shape)), np.uint8)
            flips = np.unpackbits(
                random.reshape(shape), axis=1, count=n).astype(np.float64)
        sums = 2 * (flips @ changes) - changes.sum()
        beyond += int((np.abs(sums) >= observed).sum())
    return beyond / count if exact else (beyond + 1) / (count + 1)


def paired_test(first: ArrayLike,
                second: ArrayLike,
                groups: Groups = None,
                n_resamples: int = 9999,
                seed: int = 0) -> Dict[str, float]:
    """Is the mean of one model's samples another than the other's?

    A permutation test: if the models were alike, the sign of each sample's
    difference would be a coin's; exact where there are no more patterns of
    signs than draws. scipy's ``permutation_test`` does the same, in 14
    seconds for 10,000 samples.

    Args:
        first (Tensor): (n,) values of one model, such as one of
            :func:`sample_scores`.
        second (Tensor): (n,) values of the other on the same samples, in
            the same order.
        groups (Sequence, optional): n keys of what changes its sign
            together.
        n_resamples (int): Defaults to 9999, so p is at least 0.0001.
        seed (int): Same seed, same p. Defaults to 0.

    Returns:
        dict[str, float]: ``difference`` of the means, second - first, its
        95 % interval ``low`` and ``high``, and the two-sided ``p_value``: 1
        if the two agree everywhere.

    Raises:
        ValueError: If they differ in length, are empty or not finite, or
            there are not as many keys as samples.
    """
    before, after = (np.asarray(v, dtype=np.float64) for v in (first, second))
    if before.ndim != 1 or before.shape != after.shape:
        raise ValueError('expected two lists of equal length, got shapes '
                         f'{before.shape} and {after.shape}')
    change = after - before
    low, high = mean_interval(change, groups, seed=seed).tolist()
    sums = np.bincount(_members(len(change), groups), change)
    # What did not change has no sign.
    sums = sums[sums != 0]
    p_value = _sign_flip_p(sums, n_resamples, seed) if sums.size else 1.0
    return dict(
        difference=float(change.mean()), low=low, high=high, p_value=p_value)


def mcnemar_test(first: ArrayLike, second: ArrayLike) -> Dict[str, float]:
    """Exact test between two models that are right or wrong (McNemar).

    Args:
        first (Tensor): Boolean (n,), successes of one model.
        second (Tensor): Boolean (n,), of the other on the same samples.

    Returns:
        dict[str, float]: ``only_first`` and ``only_second``, the samples
        that one alone gets right, and the two-sided ``p_value``: 1 if there
        are none.

    Raises:
        ValueError: If they differ in length or are empty.
    """
    from scipy import stats
    left, right = (np.asarray(v, dtype=bool) for v in (first, second))
    if left.ndim != 1 or left.shape != right.shape or not left.size:
        raise ValueError('expected two lists of equal length, not empty, got '
                         f'shapes {left.shape} and {right.shape}')
    only_first, only_second = int((left & ~right).sum()), int(
        (right & ~left).sum())
    differing = only_first + only_second
    p_value = stats.binomtest(only_first,
                              differing).pvalue if differing else 1.0
    return dict(
        only_first=only_first, only_second=only_second, p_value=float(p_value))
