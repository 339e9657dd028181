"""A disk that fills up while a checkpoint is written."""
from pathlib import Path

import torch

from fnac_mm.engine.checkpoint_contents import find_readable
from fnac_mm.utils.files import UNFINISHED
from tests.faults.toy_run import STEPS, final_state, finish, same, start

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
