"""Configs in checkpoints are read, never run."""
from pathlib import Path

import pytest
from mmengine.config import Config

from fnac_mm.apis.checkpoint_config import read_config
from .toy_model import CONFIG

CONFIGS = sorted((Path(__file__).parents[2] / 'configs').glob('*.py'))


def read(text: str) -> Config:
    return read_config(dict(meta=dict(cfg=text)), 'a.pth')


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_equals_what_mmengine_would_run(path: Path) -> None:
    config = Config.fromfile(path)
    ours = read(config.pretty_text)
    for key in ('model', 'test_dataloader', 'visualizer'):
        assert ours[key] == config[key]


def test_only_what_inference_needs() -> None:
    text = Config(dict(CONFIG, work_dir='/elsewhere')).pretty_text
    assert sorted(read(text)) == ['model', 'test_dataloader', 'visualizer']


def test_keys_that_are_no_names() -> None:
    model = {'a b': 1, '0.5': dict(c=(1, -2.5, None, True))}
    assert read(Config(dict(model=model)).pretty_text).model == model


@pytest.mark.parametrize('text', [
    "open('{mark}', 'w')", "model = open('{mark}', 'w')",
    "model = dict(a=open('{mark}', 'w'))",
    "model = [open('{mark}', 'w') for _ in 'a']",
    "import os\nmodel = dict(a=1)",
    "model = dict(**dict(a=open('{mark}', 'w')))",
    "model.a = open('{mark}', 'w')", "def f(x=open('{mark}', 'w')): pass",
    "model = f'{{open(\"{mark}\", \"w\")}}'", 'model = dict(', 'model = x'
])
def test_code_is_refused_and_not_run(tmp_path: Path, text: str) -> None:
    mark = tmp_path / 'mark'
    with pytest.raises(ValueError, match='a.pth: refused.*config file'):
        read(text.format(mark=mark))
    assert not mark.exists()


@pytest.mark.parametrize('type_', [
    'os.system', 'builtins.exec', 'mmengine.load', 'fnac_mm.nothing',
    'subprocess.check_output', 'mmengine.fileio.load'
])
@pytest.mark.parametrize('place', ['model', 'test_dataloader'])
def test_types_that_are_no_components(type_: str, place: str) -> None:
    """A registry would import them and call what it finds."""
    text = f"{place} = dict(a=[dict(b=dict(type='{type_}'))])"
    with pytest.raises(ValueError, match=f'a.pth: refused.*{type_}'):
        read(text)


@pytest.mark.parametrize(
    'checkpoint',
    [{}, dict(meta={}), dict(meta=dict(cfg=None))])
def test_none(checkpoint: dict) -> None:
    with pytest.raises(ValueError, match='a.pth: holds no config'):
        read_config(checkpoint, 'a.pth')
