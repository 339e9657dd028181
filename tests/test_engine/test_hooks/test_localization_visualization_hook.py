"""Pictures while testing."""
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from fnac_mm.engine import LocalizationVisualizationHook
from fnac_mm.structures import AVDataSample
from fnac_mm.visualization import LocalizationVisualizer


@pytest.fixture()
def samples(tmp_path) -> list:
    path = tmp_path / 'frame.png'
    cv2.imwrite(str(path), np.full((20, 30, 3), 90, np.uint8))
    return [
        AVDataSample(
            metainfo=dict(sample_id=f's{i}', img_path=str(path))).set_pred_map(
                torch.eye(4)) for i in range(5)
    ]


def _run(hook, samples) -> None:
    runner = SimpleNamespace(visualizer=LocalizationVisualizer('test'), iter=0)
    hook.before_test_epoch(runner)
    for part in (samples[:2], samples[2:]):
        hook.after_test_iter(runner, 0, None, part)


def test_draws_at_the_interval_up_to_the_limit(samples, tmp_path) -> None:
    out = tmp_path / 'out'
    _run(LocalizationVisualizationHook(True, 2, 2, str(out)), samples)
    assert sorted(p.name for p in out.iterdir()) == ['s0.png', 's2.png']
    assert cv2.imread(str(out / 's0.png')).shape == (20, 30, 3)


def test_is_off_by_default(samples, tmp_path) -> None:
    _run(LocalizationVisualizationHook(out_dir=str(tmp_path / 'x')), samples)
    assert not (tmp_path / 'x').exists()


def test_refuses_an_interval_of_zero() -> None:
    with pytest.raises(ValueError, match='got 0'):
        LocalizationVisualizationHook(interval=0)
