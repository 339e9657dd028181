"""Negative audio: worked examples, definitions, published thresholds."""
import math
from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from fnac_mm.functional import (PROTOCOLS, PUBLISHED_THRESHOLDS, active_share,
                                adaptive_threshold, area_threshold,
                                calibrate_threshold, draw_partners,
                                get_protocol, negative_auc,
                                placement_confidence, summarize_negative_audio)

QUICK = settings(max_examples=60, deadline=None, database=None)
SHARE = st.sampled_from([k / 20 for k in range(21)]) | st.floats(0, 1)


class TestToys:
    """The worked examples of the specification."""

    def test_auc(self) -> None:
        assert negative_auc([0, .02, .3, .5, 1]) == pytest.approx(0.65)

    def test_f_loc(self) -> None:
        found = summarize_negative_audio([0.2, 0.4],
                                         dict(
                                             silence=[0, .2],
                                             noise=[.2, .2],
                                             offscreen=[.6]))
        assert found['ciou_u'] == pytest.approx(30)
        assert [found[f'pia/{kind}']
                for kind in ('silence', 'noise', 'offscreen')] == \
            pytest.approx([10, 20, 60])
        assert found['f_loc'] == pytest.approx(42)
        # 30 with 100 - 60.
        assert found['f_loc/offscreen'] == pytest.approx(2 * 30 * 40 / 70)

    def test_published_thresholds(self) -> None:
        assert PUBLISHED_THRESHOLDS['ez'] == .6382
        assert PUBLISHED_THRESHOLDS['fnac'] == \
            PROTOCOLS['vssl_eval'].threshold


class TestAggregates:
    """AUC_N, F_AUC, harmonic means."""

    @given(st.lists(SHARE, min_size=1))
    @QUICK
    def test_auc_equals_the_definition(self, shares: list) -> None:
        rates = [
            sum(a <= 0.05 * k for a in shares) / len(shares) for k in range(21)
        ]
        expected = sum(rates[1:-1]) * 0.05 + (rates[0] + rates[-1]) * 0.025
        assert negative_auc(shares) == pytest.approx(expected, abs=1e-12)

    def test_bounds(self) -> None:
        """A silent model and one that lights everything."""
        assert negative_auc([0] * 3) == pytest.approx(1)
        assert negative_auc([1]) == pytest.approx(0.025)
        found = summarize_negative_audio([0, 0], dict(noise=[1, 1]))
        assert found['f_loc'] == found['ciou_u'] == 0

    def test_f_auc(self) -> None:
        """AUC_U 1, AUC_N 1 and 0.025."""
        found = summarize_negative_audio([1], dict(a=[0], b=[1]))
        assert found['f_auc'] == pytest.approx(100 * 2 * .5125 / 1.5125)
        assert found['f_auc/a'] == pytest.approx(100)
        assert found['f_auc/b'] == pytest.approx(100 * 2 * .025 / 1.025)

    @pytest.mark.parametrize('cious, shares, message', [
        ([], dict(a=[1]), 'cious'),
        ([1], dict(a=[]), 'shares of a'),
        ([1], dict(a=[0, math.nan]), 'shares of a.*1 not finite'),
        ([math.nan], dict(a=[0]), 'cious'),
        ([1], {}, 'at least one kind'),
    ])
    def test_refusals(self, cious: list, shares: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            summarize_negative_audio(cious, shares)


class TestThreshold:
    """Calibration on held-out negatives."""

    def test_third_quartile(self) -> None:
        assert calibrate_threshold([5, 1, 3, 2, 4]) == 4
        assert calibrate_threshold([0, 1]) == 0.75
        assert calibrate_threshold([0.6]) == 0.6

    @pytest.mark.parametrize('maxima, quantile, message',
                             [([], .75, 'maxima'), ([math.nan], .75, 'maxima'),
                              ([1], 75, 'quantile')])
    def test_refusals(self, maxima: list, quantile: float,
                      message: str) -> None:
        with pytest.raises(ValueError, match=message):
            calibrate_threshold(maxima, quantile)


class TestMaps:
    """Active share and overlap."""

    def test_share_is_strictly_above(self) -> None:
        maps = torch.tensor([[[.1, .5], [.6, .9]], [[.5, .5], [.5, .5]]])
        assert active_share(maps, 0.5).tolist() == [0.5, 0]
        assert active_share(maps, torch.tensor([.8, .4])).tolist() == [.25, 1]
        assert active_share(maps, 0.5).dtype == torch.float64

    def test_at_the_thresholds_of_the_positive(self) -> None:
        """A map that does not listen keeps the same pixels."""
        maps = torch.rand(3, 8, 8)
        target = torch.zeros(3, 8, 8)
        target[:, 0] = 1
        assert active_share(maps,
                            area_threshold(maps)).tolist() == [31 / 64] * 3
        assert active_share(maps, adaptive_threshold(
            maps, target)).tolist() == [7 / 64] * 3

    @pytest.mark.parametrize('maps, threshold, message', [
        (torch.full((1, 2, 2), math.nan), .5, 'NaN'),
        (torch.rand(1, 2, 2), math.nan, 'NaN'),
        (torch.rand(2, 2), .5, r'\(2, 2\)'),
        (torch.rand(2, 2, 2), torch.rand(3), r'\(3,\)'),
    ])
    def test_share_refuses(self, maps: Tensor, threshold: object,
                           message: str) -> None:
        with pytest.raises(ValueError, match=message):
            active_share(maps, threshold)


def test_confidence_decides_as_the_metric() -> None:
    """Above it no pixel of vssl_eval's map sounds, below it one does."""
    maps = torch.rand(6, 7, 7, generator=torch.manual_seed(0)) * 2 - 1
    confidence = placement_confidence(maps)
    large = F.interpolate(
        maps[:, None], (224, 224), mode='bilinear', align_corners=True)
    torch.testing.assert_close(confidence, large.amax((1, 2, 3)))
    scored = get_protocol('vssl_eval').maps(maps)['audio_visual']
    universal = (confidence + 1) / 2
    assert (active_share(scored, universal + 1e-5) == 0).all()
    assert (active_share(scored, universal - 1e-5) > 0).all()


def test_never_its_own_clip_nor_one_of_its_group() -> None:
    """Three sounds of each picture, two samples of each sound."""
    ids = [f's{i}' for i in range(60)]
    clips = [f'c{i // 2}' for i in range(60)]
    groups = [f'g{i // 6}' for i in range(60)]
    group_of = dict(zip(clips, groups))
    drawn = draw_partners(ids, clips, groups)
    for clip, group, partner in zip(clips, groups, drawn):
        assert partner != clip
        assert group_of[partner] != group


def test_depends_on_ids_and_seed_only() -> None:
    ids = [f's{i}' for i in range(30)]
    drawn = dict(zip(ids, draw_partners(ids, ids)))
    again = dict(zip(ids[::-1], draw_partners(ids[::-1], ids[::-1])))
    assert drawn == again
    assert dict(zip(ids, draw_partners(ids, ids, seed=1))) != drawn


def test_other_clips_are_equally_likely() -> None:
    """Of 4,000 draws from 4 others each gets 1,000 +- 5 standard errors."""
    total = 4000
    found = Counter(
        draw_partners([f's{i}', 'x', 'y', 'z', 'w'], list('abcde'))[0]
        for i in range(total))
    assert set(found) == set('bcde')
    for count in found.values():
        assert abs(count - total / 4) < 5 * (total * 3 / 16)**0.5


def test_no_other_clip() -> None:
    assert draw_partners(['a'], ['c']) is None
    assert draw_partners(['a', 'b'], ['c', 'c']) is None
    assert draw_partners(['a', 'b'], ['c', 'd'], ['g', 'g']) is None
    assert draw_partners(['a', 'b'], ['c', 'd']) == ['d', 'c']
    with pytest.raises(ValueError, match='2, 1 and 2'):
        draw_partners(['a', 'b'], ['c'])
