"""A disk that fills up while a checkpoint is written."""
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import torch

from fnac_mm.engine.checkpoint_contents import find_readable
from fnac_mm.utils.files import UNFINISHED
from tests.faults.toy_run import STEPS, final_state, finish, lines, same, start

EPOCHS = 4


def _log(work: Path) -> str:
    return Path(f'{work}_0.log').read_text()


def test_training_goes_on_and_writes_again_when_there_is_room(
        tmp_path) -> None:
    """Full during epoch 2 and 3, where the best one would be replaced."""
    work, calm = tmp_path / 'full', tmp_path / 'calm'
    codes = finish(
        start(
            work,
            EPOCHS,
            default_hooks__full__begin=STEPS + 2,
            default_hooks__full__end=3 * STEPS,
            default_hooks__full__type='FullDiskHook',
            default_hooks__checkpoint__rule='less'), start(calm, EPOCHS))
    assert codes == [0, 0], _log(work)
    log = _log(work)
    assert log.count('COULD NOT BE WRITTEN (OSError') >= 2
    assert str(work) in log
    names = sorted(path.name for path in work.glob('epoch_*'))
    assert names == ['epoch_1.pth', 'epoch_4.pth']
    ours = final_state(work, 'epoch_4.pth')
    theirs = final_state(calm, 'epoch_4.pth')
    assert same(ours['weights'], theirs['weights'])
    best, = work.glob('best_*')
    assert best.name == ours['best'][1]
    torch.load(best, weights_only=True)
    assert not list(work.glob(f'{UNFINISHED}*'))


def test_full_to_the_end_is_an_error_and_keeps_the_last_one(tmp_path) -> None:
    code, = finish(
        start(
            tmp_path,
            EPOCHS,
            default_hooks__full__type='FullDiskHook',
            default_hooks__full__begin=STEPS + 2,
            default_hooks__full__end=99 * STEPS))
    log = _log(tmp_path)
    assert code == 1
    assert 'last checkpoint could not be written' in log
    assert f'Epoch(train) [{EPOCHS}]' in log
    assert Path(find_readable(str(tmp_path))).name == 'epoch_1.pth'
    assert finish(start(tmp_path, EPOCHS)) == [0]
    assert 'resumed epoch: 1' in _log(tmp_path)


@pytest.fixture()
def small_disk(tmp_path) -> Path:
    """A file system of 3 MB."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    mount = shutil.which('mount')
    if mount is None or subprocess.run(
        [mount, '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder],
            capture_output=True).returncode:
        pytest.skip('no right to mount a tmpfs')
    yield folder
    subprocess.run(['umount', folder], check=True)


@pytest.mark.slow
def test_a_small_disk(small_disk) -> None:
    """Nothing fits any more, logs and curves neither."""
    process = start(
        small_disk,
        EPOCHS,
        default_hooks__steps__pause=0.05,
        default_hooks__logger__interval=1)
    while len(lines(small_disk, 'step')) < STEPS + 2:
        assert process.is_alive()
        time.sleep(0.01)
    ballast = small_disk / 'ballast'
    with pytest.raises(OSError, match='No space'), open(ballast, 'wb') as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    assert finish(process) == [1]
    assert 'last checkpoint could not be written' in _log(small_disk)
    assert Path(find_readable(str(small_disk))).name == 'epoch_1.pth'
    ballast.unlink()
    assert finish(start(small_disk, EPOCHS)) == [0]
    assert 'resumed epoch: 1' in _log(small_disk)
