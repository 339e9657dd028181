"""tools/model_converters/publish_model.py."""
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from fnac_mm.apis import LocalizationInferencer
from ..conftest import run_python
from .toy_model import CONFIG, build_toy, save_toy

TOOL = 'tools/model_converters/publish_model.py'


def publish(*args: object) -> Path:
    """File that the tool says it made."""
    done = run_python(TOOL, *args)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()[-2:]
    path = Path(first.split(': ')[0])
    content = path.read_bytes()
    assert first.endswith(f'{len(content):,} bytes')
    assert second == f'SHA-256 {hashlib.sha256(content).hexdigest()}'
    assert path.stem.endswith('-' + second.split()[1][:8])
    return path


def test_half(tmp_path: Path) -> None:
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


def test_full_precision_changes_no_map(tmp_path: Path) -> None:
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


def test_config_of_a_converted_checkpoint(tmp_path: Path) -> None:
    source = save_toy(tmp_path, meta=dict(converted_from='official.pth'))
    failed = run_python(TOOL, source, tmp_path / 'out')
    assert failed.returncode == 1
    assert f'error: {source}: holds no config' in failed.stderr
    Config(CONFIG).dump(tmp_path / 'toy.py')
    path = publish(source, tmp_path / 'out', '--config', tmp_path / 'toy.py')
    meta = torch.load(path, weights_only=True)['meta']
    assert meta['converted_from'] == 'official.pth'


@pytest.mark.parametrize('value, half, word', [
    (float('nan'), (), 'NaN'),
    (1e6, ('--half', ), 'without --half'),
])
def test_bad_weights(tmp_path: Path, value: float, half: tuple,
                     word: str) -> None:
    state = build_toy().state_dict()
    state['audio_projection.bias'][0] = value
    source = save_toy(tmp_path, state_dict=state)
    failed = run_python(TOOL, source, tmp_path / 'out', *half)
    assert failed.returncode == 1
    assert f'error: {source}: audio_projection.bias' in failed.stderr
    assert word in failed.stderr
    assert not list(tmp_path.glob('out*'))
