"""Figures of a step: closed forms, and over processes."""
from types import SimpleNamespace
from typing import Dict, List

import pytest
import torch
from mmengine.dist import get_rank

from fnac_mm.engine.health import feature_figures
from ..ddp_helpers import run_distributed


def test_of_perpendicular_and_equal_features() -> None:
    loss = SimpleNamespace(options=dict(temperature=0.1))
    figures = feature_figures(torch.ones(4, 4) / 2, torch.eye(4), loss)
    assert figures == pytest.approx(
        dict(
            audio_rank=4,
            visual_rank=1,
            audio_uniformity=-4,
            visual_uniformity=0,
            flat_audio_targets=0,
            flat_visual_targets=1),
        abs=1e-6)


def test_short_features_are_flat_unless_normalised() -> None:
    options = dict(temperature=0.1)
    short = 0.1 * torch.eye(4)
    for normalize, expected in ((False, 1), (True, 0)):
        loss = SimpleNamespace(options=dict(options, normalize=normalize))
        figures = feature_figures(short, torch.eye(4), loss)
        assert figures['flat_visual_targets'] == expected


@pytest.mark.parametrize(
    'rows', [torch.ones(1, 3), torch.full((2, 3), torch.inf)])
def test_of_what_has_none(rows: torch.Tensor) -> None:
    assert feature_figures(rows, rows, None) == {}


def of_this_process() -> List[Dict[str, float]]:
    """Two of four perpendicular rows a process, gathered and not."""
    rows = torch.eye(4)[2 * get_rank():2 * get_rank() + 2]
    return [
        feature_figures(rows, rows, SimpleNamespace(gather=gather))
        for gather in (True, False)
    ]


@pytest.mark.ddp
def test_over_the_rows_of_all_processes() -> None:
    for found in run_distributed(of_this_process, 2):
        assert [x['audio_rank'] for x in found] == pytest.approx([4, 2])
