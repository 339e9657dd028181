"""pack_dataset.py as a user runs it."""
import importlib.util
import shutil
from pathlib import Path
from typing import Callable

import pytest

from fnac_mm.datasets.packed.reader import read_manifest
from tests.conftest import ROOT

TOOL = 'tools/dataset_converters/pack_dataset.py'
CONFIG = 'configs/fnac_synthetic.py'


@pytest.fixture(scope='module')
def main() -> Callable:
    spec = importlib.util.spec_from_file_location('pack_dataset', ROOT / TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def run(main: Callable, *args: object) -> None:
    main([str(arg) for arg in args])


def test_what_is_printed(main: Callable, synthetic: Path, tmp_path: Path,
                         capsys: pytest.CaptureFixture):
    folder = tmp_path / 'packed'
    run(main, CONFIG, folder, '--data-root', synthetic, '--workers', 2)
    printed = capsys.readouterr().out
    assert 'img_path: 24 files' in printed
    assert (f'--cfg-options train_dataloader.dataset.packed={folder}\n'
            in printed)
    size = (folder / 'data.mdb').stat().st_size / 2**20
    assert f'{size:.1f} MiB' in printed


def test_the_folder_stands_alone(main: Callable, synthetic: Path,
                                 tmp_path: Path,
                                 capsys: pytest.CaptureFixture):
    """With its lists and annotations, as data_root of the same config."""
    root = tmp_path / 'data'
    shutil.copytree(synthetic, root)
    run(main, CONFIG, tmp_path / 'p', '--split', 'val', '--data-root', root,
        '--workers', 0)
    shutil.rmtree(root)
    for name in ('val.csv', 'val.json'):
        path = tmp_path / 'p' / 'metadata' / name
        assert path.read_bytes() == (synthetic / 'metadata' /
                                     name).read_bytes()
    capsys.readouterr()
    run(main, '-', tmp_path / 'p', '--verify')
    assert '12 files, all as they were written' in capsys.readouterr().out
    content = bytearray((tmp_path / 'p' / 'data.mdb').read_bytes())
    content[-5000] ^= 1
    (tmp_path / 'p' / 'data.mdb').write_bytes(content)
    with pytest.raises(SystemExit, match='damaged'):
        run(main, '-', tmp_path / 'p', '--verify')


def test_broken_training_files_are_listed(main: Callable, synthetic: Path,
                                          tmp_path: Path,
                                          capsys: pytest.CaptureFixture):
    root = tmp_path / 'data'
    shutil.copytree(synthetic, root)
    broken = sorted((root / 'train' / 'frames').iterdir())[7]
    broken.write_bytes(broken.read_bytes()[:300])
    run(main, CONFIG, tmp_path / 'p', '--data-root', root, '--workers', 0)
    printed = capsys.readouterr().out
    assert '1 file(s) can\'t be read' in printed and str(broken) in printed
    shutil.copy(synthetic / 'train' / 'frames' / broken.name, broken)
    run(main, CONFIG, tmp_path / 'p', '--data-root', root, '--workers', 0)
    assert not read_manifest(tmp_path / 'p')['failed']


@pytest.mark.parametrize('args, message', [
    (['--split', 'test', '--image-format', 'jpeg'], 'change the scores'),
    (['--cfg-options', 'train_dataloader.dataset=None'], 'has no train_data'),
    (['--data-root', 'nowhere'], 'no such folder'),
    (['--cfg-options', 'train_dataloader.dataset.dataset=1'], 'around others'),
])
def test_what_is_refused(main: Callable, tmp_path: Path, args: list,
                         message: str):
    with pytest.raises(SystemExit, match=message):
        run(main, ROOT / CONFIG, tmp_path / 'p', *args)
    assert not (tmp_path / 'p').exists()
