"""Intervals against closed forms and scipy."""
import math

import numpy as np
import pytest
from scipy import stats

from fnac_mm.functional import bootstrap_interval, mean_interval

RNG = np.random.default_rng(7)
CIOUS = RNG.beta(2, 2, 249)


class TestMeanInterval:
    """Percentile bootstrap of means."""

    @pytest.mark.parametrize('right, n', [(100, 249), (12, 64), (900, 3000)])
    def test_binomial(self, right: int, n: int) -> None:
        """Draws of a success rate are binomial: closed-form quantiles."""
        values = np.arange(n) < right
        ours = mean_interval(values, n_resamples=4000)
        expected = stats.binom.ppf((.025, .975), n, right / n) / n
        assert ours == pytest.approx(expected, abs=max(1.1 / n, 0.004))

    def test_seed(self) -> None:
        first = mean_interval(CIOUS, seed=1)
        assert np.array_equal(first, mean_interval(CIOUS, seed=1))
        assert not np.array_equal(first, mean_interval(CIOUS, seed=2))

    def test_rows_are_drawn_alike(self) -> None:
        rows = mean_interval([CIOUS, 2 * CIOUS + 1])
        assert rows.shape == (2, 2)
        np.testing.assert_allclose(rows[:, 1], 2 * rows[:, 0] + 1)
        np.testing.assert_allclose(rows[:, 0], mean_interval(CIOUS))

    def test_groups_are_drawn_together(self) -> None:
        """Five copies of a sample say as much as the sample."""
        copies, keys = np.repeat(CIOUS, 5), np.repeat(np.arange(249), 5)
        shuffled = RNG.permutation(len(keys))
        alone = mean_interval(CIOUS)
        together = mean_interval(copies[shuffled], keys[shuffled].tolist())
        naive = mean_interval(copies)
        assert np.ptp(together) == pytest.approx(np.ptp(alone), rel=.15)
        assert np.ptp(together) / np.ptp(naive) == pytest.approx(
            math.sqrt(5), rel=.15)

    def test_constant_and_single(self) -> None:
        assert mean_interval([0.3] * 9) == pytest.approx([0.3, 0.3])
        assert np.isnan(mean_interval([0.3])).all()
        assert np.isnan(mean_interval([[0.3], [1]])).shape == (2, 2)
        assert np.isnan(mean_interval([0.3, 0.6], groups='aa')).all()

    @pytest.mark.parametrize('values, groups, message',
                             [([], None, 'at least one'),
                              ([1, math.nan], None, 'finite'),
                              ([1, 2], 'a', '2 samples but 1 group')])
    def test_refusals(self, values: list, groups: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            mean_interval(values, groups)


class TestAnyStatistic:
    """Bootstrap of what is not a mean."""

    def test_agrees_with_scipy(self) -> None:
        values = RNG.exponential(size=200)
        expected = stats.bootstrap((values, ),
                                   np.median,
                                   n_resamples=4000,
                                   method='percentile').confidence_interval
        ours = bootstrap_interval(np.median, values, n_resamples=4000)
        assert ours == pytest.approx(expected, abs=.03)

    def test_several_columns(self) -> None:
        """Rows stay together: the correlation of x with 2 x is 1."""
        low, high = bootstrap_interval(lambda x, y: np.corrcoef(x, y)[0, 1],
                                       CIOUS, 2 * CIOUS)
        assert (low, high) == pytest.approx((1, 1))

    def test_groups(self) -> None:
        copies, keys = np.repeat(CIOUS, 5), np.repeat(np.arange(249), 5)
        ours = bootstrap_interval(np.mean, copies, groups=keys.tolist())
        assert ours == pytest.approx(mean_interval(CIOUS), abs=.01)

    def test_draws_without_a_value(self) -> None:
        """A fifth of the draws hold no positive: NaN, left out."""
        positive = np.array([True, False])

        def rate(drawn: np.ndarray) -> float:
            return float(drawn.mean()) if drawn.any() else math.nan

        assert bootstrap_interval(rate, positive) == (0.5, 1)
        assert all(
            map(math.isnan, bootstrap_interval(lambda _: math.nan, CIOUS)))

    def test_edges(self) -> None:
        assert all(map(math.isnan, bootstrap_interval(np.mean, [1.])))
        with pytest.raises(ValueError, match=r'\[2, 1\]'):
            bootstrap_interval(np.mean, [1, 2], [1])
        with pytest.raises(ValueError, match='columns'):
            bootstrap_interval(np.mean)
