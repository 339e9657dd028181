"""Media, folders and configs that the tests share."""
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest
import soundfile
from mmengine.registry import DefaultScope

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def no_scope_left() -> None:
    """A Runner of an earlier test leaves its default scope behind."""
    DefaultScope._instance_dict.clear()


@pytest.fixture(scope='session')
def shared() -> Path:
    """Golden numbers, published lists and samples beside the checkout."""
    folder = ROOT.parent / 'shared'
    if not folder.is_dir():
        pytest.skip('no shared/ folder beside the checkout')
    return folder


@pytest.fixture(scope='session')
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture()
def make_clip() -> Callable[..., None]:
    """Write ``frames/<id>.jpg`` and ``audio/<id>.wav`` of one clip."""

    def make(folder: Path,
             clip_id: str,
             size: tuple = (40, 30),
             rate: int = 16000,
             seconds: float = 3.2,
             frequency: float = 440.0,
             suffix: str = '.jpg') -> None:
        rng = np.random.default_rng(zlib.crc32(clip_id.encode()))
        picture = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        time = np.arange(int(rate * seconds)) / rate
        for name in ('frames', 'audio'):
            (folder / name).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / 'frames' / (clip_id + suffix)), picture)
        soundfile.write(folder / 'audio' / f'{clip_id}.wav',
                        0.3 * np.sin(2 * np.pi * frequency * time), rate)

    return make


def run_python(*args: object, **kwargs: object) -> subprocess.CompletedProcess:
    """Run a script as a user would, from the root of the checkout."""
    return subprocess.run([sys.executable, *map(str, args)],
                          cwd=ROOT,
                          capture_output=True,
                          text=True,
                          **kwargs)


def run_well(*args: object) -> subprocess.CompletedProcess:
    """As :func:`run_python`, of what ends well."""
    done = run_python(*args)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _make_data(factory: pytest.TempPathFactory, name: str, *args:
               object) -> Path:
    folder = factory.mktemp('data') / name
    run_well(f'tools/dataset_converters/make_{name}.py', folder, *args,
             '--workers', 1)
    return folder


@pytest.fixture(scope='session')
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic benchmark of 24 training, 6 validation, 7 test clips."""
    return _make_data(tmp_path_factory, 'synthetic', '--num-train', 24,
                      '--num-val', 6, '--num-test', 7, '--seed', 3)


@pytest.fixture(scope='session')
def standins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six samples or so of each test set, in the published layouts."""
    return _make_data(tmp_path_factory, 'standins', '--num', 6)
