"""Baselines: closed forms and brute force."""
from itertools import combinations

import numpy as np
import pytest
import torch

from fnac_mm.functional import (baseline_cious, boxes_to_target, centre_map,
                                consensus_iou, oracle_ciou, select_region)
from .test_localization_score import published_ciou


class TestBaselines:
    """Image-blind guesses and the cap."""

    @pytest.mark.parametrize('compare', ['>=', '>'])
    def test_oracle_is_the_best_of_all_choices(self, compare: str) -> None:
        rng = np.random.default_rng(0)
        for _ in range(10):
            target = rng.choice([0, 0, 0, 0.5, 1], (1, 2, 4))
            best = 0.0
            for chosen in combinations(range(8), 4 - (compare == '>')):
                region = np.zeros(8, bool)
                region[list(chosen)] = True
                best = max(best, published_ciou(region, target))
            ours = oracle_ciou(torch.from_numpy(target), compare=compare)
            assert ours.item() == pytest.approx(best, abs=1e-12)

    def test_centre(self) -> None:
        centre = centre_map(224)
        assert select_region(centre[None]).sum() == 25100
        assert centre[0, 0] == -2 * 111.5**2
        assert torch.equal(centre, centre.T)

    def test_whole_image_is_the_area(self) -> None:
        target = boxes_to_target([[0.25, 0, 0.75, 0.5]], 8)[None]
        ours = baseline_cious(target)
        assert ours['whole_image'].item() == 0.25
        assert ours['oracle_cap'].item() == 0.5
        assert set(ours) == {'whole_image', 'centre', 'oracle_cap'}

    def test_no_map_beats_the_cap(self) -> None:
        target = (torch.rand(50, 10, 10) > 0.7) * 0.5
        score = consensus_iou(torch.randn(50, 10, 10), target)
        assert (score <= baseline_cious(target)['oracle_cap'] + 1e-12).all()
