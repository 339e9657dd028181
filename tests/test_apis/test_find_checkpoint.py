"""The shipped checkpoint."""
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import fnac_mm.apis.find_checkpoint as find_checkpoint
from fnac_mm.apis import LocalizationInferencer
from fnac_mm.apis.find_checkpoint import SHIPPED_NOTE, shipped_checkpoint


def test_name_and_content() -> None:
    path = shipped_checkpoint()
    content = path.read_bytes()
    assert path.stem.endswith('-' + hashlib.sha256(content).hexdigest()[:8])
    assert len(content) < 2e6
    checkpoint = torch.load(path, weights_only=True)
    assert set(checkpoint) == {'meta', 'state_dict'}
    assert checkpoint['meta']['metrics']['audio_visual/ciou@0.5'] > 90


def test_card_tells_the_digest(root: Path) -> None:
    path = shipped_checkpoint()
    card = (root / 'docs' / 'model_card.md').read_text()
    assert path.name in card
    assert hashlib.sha256(path.read_bytes()).hexdigest() in card
    meta = torch.load(path, weights_only=True)['meta']
    assert f'{meta["min_confidence"]:.4f}' in card


def ciou(heat: np.ndarray, boxes: list) -> float:
    """The hotter half of the map against boxes, as the field counts."""
    height, width = heat.shape
    target = np.zeros_like(heat, bool)
    for x0, y0, x1, y1 in boxes:
        target[int(y0 * height):int(y1 * height),
               int(x0 * width):int(x1 * width)] = True
    hot = heat >= np.median(heat)
    return (hot & target).sum() / (target.sum() + (hot & ~target).sum())


def test_finds_what_sounds(synthetic: Path,
                           capsys: pytest.CaptureFixture) -> None:
    """Clips of another seed than those of its training."""
    inferencer = LocalizationInferencer(device='cpu', show_progress=False)
    assert capsys.readouterr().err.splitlines() == [SHIPPED_NOTE]
    clips = json.loads((synthetic / 'metadata' / 'test.json').read_text())
    inputs = [
        dict(
            image=synthetic / 'test' / 'frames' / f'{clip["file"]}.jpg',
            audio=synthetic / 'test' / 'audio' / f'{clip["file"]}.wav')
        for clip in clips
    ]
    predictions = inferencer(inputs, draw=False)['predictions']
    scores = [
        ciou(prediction['map'], clip['bbox'])
        for clip, prediction in zip(clips, predictions)
    ]
    assert len(scores) == 7 and sum(score >= 0.5 for score in scores) >= 6
    assert all(prediction['placed'] for prediction in predictions)


def test_broken_installation(tmp_path: Path,
                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_checkpoint, '__file__', str(tmp_path / 'x.py'))
    with pytest.raises(FileNotFoundError, match='0 files.*give a checkpoint'):
        LocalizationInferencer()
