"""Configs in checkpoints are read, never run."""
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope

from fnac_mm.apis import LocalizationInferencer
from fnac_mm.apis.checkpoint_config import read_config, registered_only
from fnac_mm.registry import MODELS
from ..conftest import run_python
from .toy_model import CONFIG, build_toy, save_toy

CONFIGS = sorted((Path(__file__).parents[2] / 'configs').glob('*.py'))
PIPELINE = dict(dataset=dict(pipeline=[dict(type='LoadImage')]))


def read(text: str) -> Config:
    return read_config(dict(meta=dict(cfg=text)), 'a.pth')


def read_values(**values: Any) -> Config:
    """A config with these values in place of a whole one's."""
    whole: dict = dict(model=dict(a=1), test_dataloader=PIPELINE)
    return read(Config({**whole, **values}).pretty_text)


def without_loading(value: Any) -> Any:
    """What init_cfg says is in the checkpoint itself."""
    if isinstance(value, dict):
        return {
            key: without_loading(item)
            for key, item in value.items() if key != 'init_cfg'
        }
    return value


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_equals_what_mmengine_would_run(path: Path) -> None:
    config = Config.fromfile(path)
    if 'pipeline' not in config.test_dataloader.get('dataset', {}):
        with pytest.raises(ValueError, match='test_dataloader.dataset.pipe'):
            read(config.pretty_text)
        return
    ours = read(config.pretty_text)
    assert sorted(ours) == ['model', 'test_dataloader']
    expected = config.test_dataloader.dataset.pipeline
    assert ours.test_dataloader.dataset == dict(pipeline=expected)
    assert without_loading(ours.model) == without_loading(config.model)
    if config.model.get('object_prior'):
        assert ours.model.object_prior == config.model.object_prior


def test_keys_that_are_no_names() -> None:
    model = {'a b': 1, '0.5': dict(c=(1, -2.5, None, True))}
    assert read_values(model=model).model == model


@pytest.mark.parametrize('text', [
    "open('{mark}', 'w')", "model = open('{mark}', 'w')",
    "model = dict(a=open('{mark}', 'w'))",
    "model = [open('{mark}', 'w') for _ in 'a']",
    "import os\nmodel = dict(a=1)",
    "model = dict(**dict(a=open('{mark}', 'w')))",
    "model.a = open('{mark}', 'w')", "def f(x=open('{mark}', 'w')): pass",
    "model = f'{open(\"{mark}\", \"w\")}'", 'model = dict(', 'model = x',
    'model = dict(a=1)', 'model = 5', 'model = ' + '-' * 100_000 + '1',
    'model = ' + 'dict(a=' * 400 + '1' + ')' * 400
])
def test_code_is_refused_and_not_run(tmp_path: Path, text: str) -> None:
    mark = tmp_path / 'mark'
    with pytest.raises(ValueError, match='a.pth: refused.*config file'):
        read(text.replace('{mark}', str(mark)))
    assert not mark.exists()


@pytest.fixture()
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path whose modules leave a mark when imported."""
    for name in ('payload_mod', 'payload_pack/__init__',
                 'payload_pack/registry', 'mmdet/__init__', 'mmdet/registry'):
        path = tmp_path / f'{name}.py'
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'open({str(tmp_path / "mark")!r}, "w")')
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    assert not (tmp_path / 'mark').exists()
    assert not {'payload_mod', 'payload_pack', 'mmdet'} & set(sys.modules)


BAD_TYPES = ('payload_mod', 'payload_mod.x', 'payload_pack.X', 'mmdet.ResNet',
             'this', 'os.system', 'builtins.exec', 'mmengine.load',
             'fnac_mm.nothing', 'mmengine.fileio.load', 'LoadImage',
             'mmpretrain.HuggingFaceClassifier', 'mmpretrain.BlipTokenizer',
             'mmpretrain.ImageClassifier', 5, ['a'])


@pytest.mark.parametrize('bad', [
    *(dict(type=name) for name in BAD_TYPES),
    dict(_scope_='payload_pack'),
    dict(model_name='hf-hub:a/b'),
    dict(file='http://127.0.0.1:9/a.pth'),
    dict(backend_args=dict(root='/etc/passwd')),
    dict(name='~root'),
], ids=str)  # yapf: disable
@pytest.mark.parametrize('wrap', [
    lambda bad: bad,
    lambda bad: dict(a=[dict(b=(dict(type='BN', c=bad), ))], _delete_=True),
])
def test_what_a_registry_would_import_or_open(planted: Path, bad: dict,
                                              wrap: Any) -> None:
    with pytest.raises(ValueError, match='a.pth: refused.*config file'):
        read_values(model=wrap(bad))
    if bad.get('type') == 'LoadImage':  # is a transform, and no network
        return
    with pytest.raises(ValueError, match='a.pth: refused'):
        read_values(test_dataloader=dict(dataset=dict(pipeline=[wrap(bad)])))


@pytest.mark.parametrize('changes', [
    dict(type='payload_mod'),
    dict(loss=dict(type='payload_mod')),
    dict(data_preprocessor=dict(type='payload_pack.X')),
    dict(data_preprocessor=dict(type='AVDataPreprocessor', _scope_='mmdet')),
], ids=str)  # yapf: disable
def test_no_inferencer_of_it(planted: Path, changes: dict) -> None:
    """The same checkpoint with a harmless config is a good one."""
    config = deepcopy(CONFIG)
    config['model'].update(changes)
    path = save_toy(
        planted,
        state_dict=build_toy().state_dict(),
        meta=dict(cfg=Config(CONFIG).pretty_text))
    LocalizationInferencer(path, device='cpu')
    path = save_toy(planted, meta=dict(cfg=Config(config).pretty_text))
    with pytest.raises(ValueError, match='toy.pth: refused'):
        LocalizationInferencer(path, device='cpu')


@pytest.mark.parametrize('name', ['payload_mod', 'payload_pack.X', 'this'])
def test_names_that_components_look_up(planted: Path, name: str) -> None:
    """Such as the norm_layer of a timm network."""
    with pytest.raises(ValueError, match='a.pth: the network .*be built'):
        with registered_only('a.pth'):
            MODELS.get(name)
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        with registered_only('a.pth'):
            assert MODELS.get('mmpretrain.ResNet') and MODELS.get('BN')


def test_nothing_else_is_loaded_or_compiled(tmp_path: Path) -> None:
    """Weights are in the checkpoint; a compiler would start a program."""
    config = deepcopy(CONFIG)
    missing = dict(type='Pretrained', checkpoint=str(tmp_path / 'x.pth'))
    config['model']['init_cfg'] = missing
    config['model']['image_encoder'] = dict(
        config['model']['image_encoder'], init_cfg=missing)
    config['model']['compile_encoders'] = dict(
        options={'cpp.cxx': [str(tmp_path / 'program')]})
    ours = read(Config(config).pretty_text)
    assert without_loading(config['model']) == {
        **ours.model, 'compile_encoders': config['model']['compile_encoders']
    }
    # Public weights of the object prior stay, those of a file do not.
    for address in ('torchvision://resnet18', '/etc/passwd', 'http://a/b'):
        weights = dict(type='Pretrained', checkpoint=address)
        prior = dict(type='ObjectPrior', backbone=dict(init_cfg=weights))
        backbone = read_values(model=dict(
            object_prior=prior)).model.object_prior.backbone
        assert ('init_cfg' in backbone) is address.startswith('torchvision')


@pytest.mark.parametrize(
    'checkpoint', [{}, *(dict(meta=meta)
                         for meta in (None, 5, 'x', [], {}, dict(cfg=None)))])
def test_none(checkpoint: dict) -> None:
    with pytest.raises(ValueError, match='a.pth: holds no config'):
        read_config(checkpoint, 'a.pth')


def test_in_a_process_that_has_built_nothing() -> None:
    """Registries are empty until they are asked."""
    config = dict(CONFIG, test_dataloader=PIPELINE)
    done = run_python(
        '-c', 'import sys\n'
        'from fnac_mm.apis.checkpoint_config import read_config\n'
        'print(read_config(dict(meta=dict(cfg=sys.argv[1])), "a").model.type)',
        Config(config).pretty_text)
    assert done.stdout.strip() == CONFIG['model']['type'], done.stderr
