"""All of a folder, also with broken files in it."""
import json
from pathlib import Path

import numpy as np
import pytest

from fnac_mm.apis import LocalizationInferencer
from ..media import write_media


def test_all_but_the_broken(inferencer: LocalizationInferencer, tmp_path: Path,
                            make_clip) -> None:
    folder, out = tmp_path / 'in', tmp_path / 'out'
    for name in ('a', 'b', 'c', 'd'):
        make_clip(folder, name, seconds=0.7)
    (folder / 'frames' / 'b.jpg').write_text('broken')
    rng = np.random.default_rng(0)
    write_media(
        folder / 'e.mkv',
        rng.integers(-99, 99, 8000, np.int16),
        8000,
        frames=rng.integers(0, 255, (10, 32, 48, 3), np.uint8))
    write_media(folder / 'f.mkv', rng.integers(-99, 99, 8000, np.int16), 8000)
    results = inferencer.infer_folder(folder, out, batch_size=3)
    assert json.loads((out / 'predictions.json').read_text()) == json.loads(
        json.dumps(results))
    assert set(results['failed']) == {
        str(folder / 'frames' / 'b.jpg'),
        str(folder / 'f.mkv')
    }
    assert 'no video track' in results['failed'][str(folder / 'f.mkv')]
    assert [p['sample_id'] for p in results['predictions']] == ['a', 'c', 'd']
    assert [v['n_frames'] for v in results['videos']] == [10]
    assert sorted(p.name for p in out.iterdir()) == [
        'a.npy', 'a.png', 'c.npy', 'c.png', 'd.npy', 'd.png', 'e.json',
        'e.mp4', 'predictions.json'
    ]
    alone, = inferencer(
        dict(image=folder / 'frames/c.jpg',
             audio=folder / 'audio/c.wav'))['predictions']
    mine = results['predictions'][1]
    assert mine['confidence'] == pytest.approx(alone['confidence'], 1e-4)
    assert mine['box'] == pytest.approx(alone['box'], abs=0.03)
