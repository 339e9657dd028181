"""Who may import whom, and what an import may do."""
import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Iterator, Tuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / 'fnac_mm'

# design.md: a package may import those of lower levels, and the leaves.
LEVEL = dict(
    utils=0,
    media=1,
    functional=2,
    structures=3,
    datasets=4,
    models=4,
    evaluation=4,
    visualization=4,
    engine=5,
    apis=5,
    preparation=5,
    verification=5)
LEAVES = ('registry', 'version')

FILES = sorted([*PACKAGE.rglob('*.py'), *PACKAGE.rglob('*.pyi')])


def imported_modules(path: Path) -> Iterator[str]:
    """Absolute names of what a file imports, at any depth of its code."""
    package = path.relative_to(ROOT).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] \
                if node.level else ()
            module = '.'.join((*base, *(node.module or '').split('.')))
            yield from (f'{module.strip(".")}.{alias.name}'
                        for alias in node.names)


def own_imports(path: Path) -> Iterator[Tuple[str, str]]:
    """(sub-package, full name) of what a file imports of this package."""
    for name in imported_modules(path):
        parts = name.split('.')
        if parts[0] == 'fnac_mm':
            yield (parts[1] if len(parts) > 1 else ''), name


@pytest.mark.parametrize(
    'path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_order(path: Path) -> None:
    owner = path.relative_to(PACKAGE).with_suffix('').parts[0]
    for target, name in own_imports(path):
        if owner == '__init__':  # the package itself registers everything
            continue
        assert target in LEVEL or target in LEAVES, f'{name}: unknown'
        if target == owner:
            continue
        if owner in LEAVES:
            pytest.fail(f'the leaf {owner} imports {name}')
        if target in LEVEL:
            assert LEVEL[target] < LEVEL[owner], (
                f'{owner} imports {name}, which is not below it')


def test_every_folder_has_its_place() -> None:
    found = {p.stem for p in PACKAGE.iterdir() if p.suffix in ('', '.py')}
    found -= {'__init__', '__pycache__', '.mim', 'py'}
    assert found - set(LEAVES) == set(LEVEL)


@pytest.mark.parametrize(
    'path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_imports_tools_or_tests(path: Path) -> None:
    for name in imported_modules(path):
        assert name.split('.')[0] not in ('tools', 'tests', 'configs')


def test_the_parser_sees_every_kind_of_import(tmp_path: Path) -> None:
    path = ROOT / 'fnac_mm' / 'models' / 'losses' / 'x.py'
    code = ('import fnac_mm.apis.y\nfrom ..localizers import z\n'
            'def f():\n    from ...functional.losses import g\n'
            '    from . import h\n')
    probe = type(
        'Probe', (),
        dict(relative_to=path.relative_to, read_text=lambda self: code))()
    assert sorted(imported_modules(probe)) == [
        'fnac_mm.apis.y', 'fnac_mm.functional.losses.g',
        'fnac_mm.models.localizers.z', 'fnac_mm.models.losses.h'
    ]


def run_alone(folder: Path, *args: str) -> subprocess.CompletedProcess:
    """Run Python in an empty folder, with nothing of the user's."""
    return subprocess.run([sys.executable, *args],
                          cwd=folder,
                          env=dict(
                              PYTHONPATH=str(ROOT),
                              TORCH_HOME=str(folder / 'torch'),
                              HOME=str(folder),
                              PATH=''),
                          capture_output=True,
                          text=True)


IMPORT_WITHOUT_NETWORK = '''
import socket, sys
def refuse(*args, **kwargs):
    raise RuntimeError(f'network: {args}')
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
import torch
torch.load = torch.hub.load_state_dict_from_url = refuse
import fnac_mm
assert not {'mmengine', 'fnac_mm.models'} & set(sys.modules)
for name in fnac_mm.__all__:
    getattr(fnac_mm, name)
for heavy in ('transformers', 'matplotlib.pyplot', 'tensorboard'):
    assert heavy not in sys.modules, heavy
'''


def test_import_is_offline_and_loads_no_weights(tmp_path: Path) -> None:
    """In a folder of its own: nothing is written there either."""
    done = run_alone(tmp_path, '-W', 'error::DeprecationWarning:fnac_mm', '-c',
                     IMPORT_WITHOUT_NETWORK)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob('*.pth'))


FUNCTIONS_ALONE = '''
import re, sys
from importlib.metadata import packages_distributions, requires
def plain(name):
    return name.lower().replace('-', '_')
allowed, ask = set(), ['torch', 'numpy', 'scipy']
while ask:
    name = plain(ask.pop())
    if name not in allowed:
        allowed.add(name)
        try:
            needs = requires(name) or []
        except ModuleNotFoundError:
            continue
        ask += [re.match(r'[\\w.-]+', n)[0] for n in needs
                if 'extra ==' not in n]
others = {module for module, owners in packages_distributions().items()
          if not allowed & set(map(plain, owners))} - {'fnac_mm'}
assert {'mmengine', 'torchvision', 'cv2', 'matplotlib'} <= others
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, *args):
        if name.split('.')[0] not in others:
            return self.finder.find_spec(name, *args)
sys.meta_path[:] = map(Without, sys.meta_path)
import torch
from fnac_mm.functional import (
    boxes_to_target, consensus_iou, fnac_losses, log_spectrogram, success_auc)
unit = torch.nn.functional.normalize(torch.rand(4, 8), dim=1)
visual = unit[:, :, None, None].expand(4, 8, 3, 3).clone().requires_grad_()
sum(fnac_losses(visual, unit).values()).backward()
assert log_spectrogram(torch.rand(2, 48000), 16000).shape == (2, 257, 200)
target = boxes_to_target([[0.2, 0.2, 0.8, 0.8]])
ciou = consensus_iou(torch.rand(1, 224, 224), torch.as_tensor(target)[None])
success_auc(ciou)
assert not others & set(sys.modules)
'''


def test_functions_need_torch_numpy_and_scipy_only(tmp_path: Path) -> None:
    """Every other distribution that is installed is refused."""
    done = run_alone(tmp_path, '-c', FUNCTIONS_ALONE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('package', ['fnac_mm', 'functional', 'utils'])
def test_lazy_packages_have_the_names_of_their_stubs(package: str) -> None:
    name = package if package == 'fnac_mm' else f'fnac_mm.{package}'
    module = import_module(name)
    stub = Path(module.__file__).with_suffix('.pyi').read_text()
    listed = next(
        node.value for node in ast.parse(stub).body
        if isinstance(node, ast.Assign))
    assert module.__all__ == sorted(ast.literal_eval(listed))
    for item in module.__all__:
        # A function may be called as its module.
        assert callable(getattr(module, item)) == (
            package != 'fnac_mm' and not item.isupper())
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match=f'{name}.*no_such'):
        module.no_such()


QUIET = '''
import multiprocessing, sys
from fnac_mm.engine.launch import load_config
from fnac_mm.registry import MODELS
def look_up():
    MODELS.get('mmpretrain.ResNet')
    assert 'mmcv.cnn.bricks.transformer' in sys.modules
if __name__ == '__main__':
    load_config('config.py')
    look_up()
    worker = multiprocessing.get_context('spawn').Process(target=look_up)
    worker.start()
    worker.join()
    assert worker.exitcode == 0
'''


def test_mmcv_lite_does_not_warn(tmp_path: Path) -> None:
    """Neither in a run nor in a process that it spawns."""
    (tmp_path / 'config.py').write_text(
        "custom_imports = dict(imports=['mmpretrain.models'])\n"
        "train_dataloader = dict()\n")
    (tmp_path / 'run.py').write_text(QUIET)
    done = run_alone(tmp_path, 'run.py')
    assert done.returncode == 0, done.stderr
    assert 'MultiScaleDeformableAttention' not in done.stderr
