"""A number of a data set as a function of its samples.

One description from which the number, its interval and a paired test follow.
"""
from dataclasses import dataclass
from typing import Callable, Dict, Hashable, Optional, Sequence, Tuple

import numpy as np

from .confidence import (Interval, _members, bootstrap_interval, mean_interval,
                         paired_test)


@dataclass(frozen=True)
class SampleStatistic:
    """What a number is computed from, a row for each sample.

    Args:
        columns (tuple[np.ndarray, ...]): (n, ...) each; row i of all is
            sample i.
        groups (Sequence, optional): n keys of what is drawn together.
        function (Callable, optional): Takes as many arrays as there are
            columns. None (default): the mean of the only column, for which
            intervals and tests are much faster.

    Examples:
        >>> rate = SampleStatistic((np.array([100., 0., 100., 100.]), ))
        >>> rate.value()
        75.0
    """
    columns: Tuple[np.ndarray, ...]
    groups: Optional[Sequence[Hashable]] = None
    function: Optional[Callable[..., float]] = None

    def value(self) -> float:
        """The number.

        Returns:
            float: NaN where the function gives it.
        """
        if self.function is None:
            return float(np.mean(self.columns[0]))
        return float(self.function(*self.columns))

    def interval(self, n_resamples: int = 1000, seed: int = 0) -> Interval:
        """Bootstrap percentile 95 % interval.

        Args:
            n_resamples (int): Draws; of a mean twice as many. Defaults to
                1000.
            seed (int): Same seed, same interval. Defaults to 0.

        Returns:
            tuple[float, float]: Low and high; NaN if there are fewer than
            two units to draw from.
        """
        if self.function is not None:
            return bootstrap_interval(
                self.function,
                *self.columns,
                groups=self.groups,
                n_resamples=n_resamples,
                seed=seed)
        low, high = mean_interval(
            self.columns[0],
            self.groups,
            n_resamples=2 * n_resamples,
            seed=seed).tolist()
        return low, high

    def compare(self,
                other: 'SampleStatistic',
                seed: int = 0) -> Dict[str, float]:
        """Is the other model's number another, on the same samples?

        Args:
            other (SampleStatistic): The same number of the other model, in
                the same order of samples.
            seed (int): Of the draws. Defaults to 0.

        Returns:
            dict[str, float]: ``difference`` other - this, its 95 % interval
            ``low`` and ``high``, and the two-sided ``p_value``.

        Raises:
            ValueError: If they differ in length.
        """
        if self.function is None:
            return paired_test(
                self.columns[0], other.columns[0], self.groups, seed=seed)
        return swap_test(
            self.function, self.columns, other.columns, self.groups, seed=seed)


def swap_test(function: Callable[..., float],
              first: Sequence[np.ndarray],
              second: Sequence[np.ndarray],
              groups: Optional[Sequence[Hashable]] = None,
              n_resamples: int = 999,
              seed: int = 0) -> Dict[str, float]:
    """Paired permutation test of a number that is not a mean.

    If the models were alike, nothing would change on average when samples
    change places between them.

    Args:
        function (Callable): Takes as many arrays as there are columns.
        first (Sequence[np.ndarray]): Columns (n, ...) of one model.
        second (Sequence[np.ndarray]): Of the other, samples in the same
            order.
        groups (Sequence, optional): n keys of what changes places together.
        n_resamples (int): Defaults to 999, so p is at least 0.001.
        seed (int): Same seed, same p. Defaults to 0.

    Returns:
        dict[str, float]: ``difference`` second - first, its bootstrap 95 %
        interval ``low`` and ``high``, and the two-sided ``p_value``.

    Raises:
        ValueError: If the columns differ in length.
    """
    lengths = {len(column) for column in (*first, *second)}
    if len(first) != len(second) or len(lengths) != 1:
        raise ValueError('expected the same columns of the same samples, got '
                         f'{len(first)} and {len(second)} columns of lengths '
                         f'{sorted(lengths)}')
    members = _members(lengths.pop(), groups)
    count = len(first)

    def difference(*columns: np.ndarray) -> float:
        return function(*columns[count:]) - function(*columns[:count])

    observed = difference(*first, *second)
    rng = np.random.default_rng(seed)
    beyond = 0
    for _ in range(n_resamples):
        swap = rng.integers(2, size=members.max() + 1)[members] == 1
        pairs = [
            _swapped(left, right, swap) for left, right in zip(first, second)
        ]
        drawn = difference(*(p[0] for p in pairs), *(p[1] for p in pairs))
        # Against rounding: draws like the one observed must count.
        beyond += abs(drawn) >= abs(observed) * (1 - 1e-12)
    low, high = bootstrap_interval(
        difference, *first, *second, groups=groups, seed=seed)
    return dict(
        difference=float(observed),
        low=low,
        high=high,
        p_value=(beyond + 1) / (n_resamples + 1))


def _swapped(left: np.ndarray, right: np.ndarray,
             swap: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Two columns that have changed places in some rows."""
    mask = swap.reshape(-1, *[1] * (left.ndim - 1))
    return np.where(mask, right, left), np.where(mask, left, right)
