"""tools/model_converters/publish_model.py."""
import hashlib
import json
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
import torch
from mmengine.config import Config

from fnac_mm.apis import LocalizationInferencer
from tools.model_converters import publish_model
from .toy_model import CONFIG, build_toy, save_toy


@pytest.fixture()
def publish(monkeypatch: pytest.MonkeyPatch,
            capsys: pytest.CaptureFixture) -> Callable[..., Path]:
    """Run the tool in this process; the file that it says it made."""

    def call(*args: object) -> Path:
        monkeypatch.setattr('sys.argv', ['publish_model.py', *map(str, args)])
        publish_model.main()
        first, second = capsys.readouterr().out.splitlines()[-2:]
        path = Path(first.split(': ')[0])
        content = path.read_bytes()
        assert first.endswith(f'{len(content):,} bytes')
        assert second == f'SHA-256 {hashlib.sha256(content).hexdigest()}'
        assert path.stem.endswith('-' + second.split()[1][:8])
        return path

    return call


def test_half(publish: Callable, tmp_path: Path) -> None:
    source = save_toy(tmp_path, optimizer=dict(state=torch.zeros(10000)))
    (tmp_path / 'm.json').write_text(
        json.dumps({
            'audio_visual/ciou@0.5': 51.5,
            'time': 3.0,
            'n': None
        }))
    path = publish(source, tmp_path / 'new' / 'toy.pth', '--half', '--metrics',
                   tmp_path / 'm.json', '--min-confidence', 0.25)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.name.startswith('toy-')
    checkpoint = torch.load(path, weights_only=True)
    assert set(checkpoint) == {'meta', 'state_dict'}
    meta = checkpoint['meta']
    assert meta['metrics'] == {'audio_visual/ciou@0.5': 51.5}
    assert meta['epoch'] == 1 and meta['min_confidence'] == 0.25
    assert 'visualizer' not in meta['cfg'] and 'VGGSS' not in meta['cfg']
    for key, value in build_toy().state_dict().items():
        if value.is_floating_point():
            value = value.half()
        assert torch.equal(checkpoint['state_dict'][key], value), key


def test_full_precision_changes_no_map(publish: Callable,
                                       tmp_path: Path) -> None:
    source = save_toy(tmp_path)
    path = publish(source, tmp_path / 'toy')
    rng = np.random.default_rng(0)
    inputs = dict(
        image=rng.integers(0, 255, (30, 40, 3), np.uint8),
        audio=(rng.uniform(-0.5, 0.5, 8000), 8000))
    one, two = (
        LocalizationInferencer(file, device='cpu', show_progress=False)(
            inputs, draw=False)['predictions'][0] for file in (source, path))
    assert np.array_equal(one['raw_map'], two['raw_map'])


def test_config_of_a_converted_checkpoint(publish: Callable,
                                          tmp_path: Path) -> None:
    source = save_toy(tmp_path, meta=dict(converted_from='official.pth'))
    with pytest.raises(SystemExit, match=f'error: {source}: holds no config'):
        publish(source, tmp_path / 'out')
    Config(CONFIG).dump(tmp_path / 'toy.py')
    path = publish(source, tmp_path / 'out', '--config', tmp_path / 'toy.py')
    meta = torch.load(path, weights_only=True)['meta']
    assert meta['converted_from'] == 'official.pth'


@pytest.mark.parametrize('value, half, word', [
    (float('nan'), (), 'NaN'),
    (1e6, ('--half', ), 'without --half'),
])
def test_bad_weights(publish: Callable, tmp_path: Path, value: float,
                     half: tuple, word: str) -> None:
    state = build_toy().state_dict()
    state['audio_projection.bias'][0] = value
    source = save_toy(tmp_path, state_dict=state)
    with pytest.raises(SystemExit) as failed:
        publish(source, tmp_path / 'out', *half)
    told = str(failed.value)
    assert told.startswith(f'error: {source}: audio_projection.bias')
    assert word in told
    assert not list(tmp_path.glob('out*'))
