"""Who may import whom, and what an import may do."""
import ast
import subprocess
import sys
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

FILES = sorted(PACKAGE.rglob('*.py'))


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


IMPORT_WITHOUT_NETWORK = '''
import socket, sys
def refuse(*args, **kwargs):
    raise RuntimeError(f'network: {args}')
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
import torch
torch.load = torch.hub.load_state_dict_from_url = refuse
import fnac_mm
for name in fnac_mm.__all__:
    getattr(fnac_mm, name)
for heavy in ('transformers', 'matplotlib.pyplot', 'tensorboard'):
    assert heavy not in sys.modules, heavy
'''


def test_import_is_offline_and_loads_no_weights(tmp_path: Path) -> None:
    """In a folder of its own: nothing is written there either."""
    done = subprocess.run([
        sys.executable, '-W', 'error::DeprecationWarning:fnac_mm', '-c',
        IMPORT_WITHOUT_NETWORK
    ],
                          cwd=tmp_path,
                          env=dict(
                              PYTHONPATH=str(ROOT),
                              TORCH_HOME=str(tmp_path / 'torch'),
                              HOME=str(tmp_path),
                              PATH=''),
                          capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob('*.pth'))
