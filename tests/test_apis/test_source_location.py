"""Where a source is, and whether there is one."""
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from fnac_mm.apis import read_min_confidence
from fnac_mm.apis.source_location import check_confidence, enlarge_maps, place
from fnac_mm.functional import get_protocol


def bump(height: int = 40, width: int = 80) -> np.ndarray:
    """A cone around pixel (row 10, column 60)."""
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows - 10, columns - 60)
    return np.maximum(0, 1 - distance / 8).astype(np.float32) * 0.3 + 0.1


def test_box_of_a_cone() -> None:
    raw = torch.full((7, 7), 0.2)
    for threshold, reach in ((0.5, 4), (0.9, 0), (0.2, 6)):
        found = place(raw, bump(), threshold)
        edges = 60 - reach, 10 - reach, 60 + reach + 1, 10 + reach + 1
        assert found['box_pixels'] == edges
        assert found['box'] == pytest.approx(
            (edges[0] / 80, edges[1] / 40, edges[2] / 80, edges[3] / 40))
        assert found['peak'] == ((60 + 0.5) / 80, (10 + 0.5) / 40)
        assert found['placed'] is None


def test_confidence_decides() -> None:
    raw = torch.full((7, 7), 0.2)
    assert place(raw, bump(), 0.5, 0.1)['placed'] is True
    nothing = place(raw, bump(), 0.5, 0.25)
    assert nothing['placed'] is False
    assert nothing['box'] is None and nothing['box_pixels'] is None
    assert nothing['confidence'] == pytest.approx(0.2)
    # What is just as sure as silence is not placed.
    assert place(torch.zeros(7, 7), bump(), 0.5, 0.0)['placed'] is False


def test_a_flat_map_has_no_box() -> None:
    flat = np.full((40, 80), 0.2, np.float32)
    assert place(torch.full((7, 7), 0.2), flat)['box'] is None


def test_maps_are_as_large_as_the_picture() -> None:
    raw = torch.rand(7, 7, generator=torch.manual_seed(0))
    maps = enlarge_maps(raw, (30, 50), get_protocol('fnac_test'), raw)
    assert set(maps) == {'audio_visual', 'object', 'fused'}
    for map in maps.values():
        assert map.shape == (30, 50) and map.dtype == np.float32


@pytest.mark.parametrize('content', [
    {'negative_audio/threshold': 0.75, 'negative_audio/n': None},
    {'metrics': {'fnac/threshold': 0.75}, 'protocol': {'threshold': 0.5}},
])  # yapf: disable
def test_threshold_of_a_test(tmp_path: Path, content: dict) -> None:
    """(cos + 1) / 2 = 0.75 is a cosine of 0.5."""
    path = tmp_path / 'metrics.json'
    path.write_text(json.dumps(content))
    assert read_min_confidence(path) == 0.5


@pytest.mark.parametrize('content, message', [
    ('text', 'not a json file'),
    ('[1]', 'expected one threshold.*found none'),
    ('{"a/threshold": 0.1, "b/threshold": 0.2}', 'expected one threshold'),
    ('{"a/threshold": 1.5}', r'is in \[0, 1\], found 1.5'),
    ('{"a/threshold": NaN}', 'found nan'),
    ('{"a/threshold": "x"}', "found 'x'"),
])
def test_no_threshold(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / 'metrics.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=f'metrics.json: .*{message}'):
        read_min_confidence(path)


def test_checked() -> None:
    assert check_confidence(None, 'x') is None
    assert check_confidence(1, 'x') == 1.0
    for bad in (1.1, '0.5', True):
        with pytest.raises(ValueError, match='config: min_confidence must be'):
            check_confidence(bad, 'config')
