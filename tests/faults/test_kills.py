"""Runs that are killed again and again give the weights of one that is not."""
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from fnac_mm.utils.files import UNFINISHED
from tests.faults.toy_run import STEPS, final_state, finish, lines, same, start

INTERVAL = 3
BY_STEPS = dict(
    default_hooks__checkpoint__by_epoch=False,
    default_hooks__checkpoint__interval=INTERVAL)


def _wait(condition: Any, process: Any, seconds: float = 30) -> None:
    """Until it is so, or the process has ended."""
    end = time.monotonic() + seconds
    while not condition() and process.is_alive():
        assert time.monotonic() < end
        time.sleep(0.001)


def _unfinished(work: Path) -> list:
    return list(work.glob(f'{UNFINISHED}*'))


def _kill_once(work: Path, rng: random.Random, in_write: bool,
               **options: Any) -> bool:
    """Start, kill; whether a checkpoint was being written."""
    before = len(lines(work, 'step'))
    process = start(work, **options)
    _wait(lambda: len(lines(work, 'step')) > before, process)
    if in_write:
        # Not the first checkpoint, or a run would never get beyond it.
        _wait(lambda: len(lines(work, 'step')) > before + STEPS, process)
        _wait(lambda: _unfinished(work), process)
    else:
        time.sleep(rng.uniform(0, 0.3))
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL, 'it was done before'
    return bool(_unfinished(work))


@pytest.mark.parametrize(
    'kills, options, interval', [
        (3, BY_STEPS, INTERVAL),
        pytest.param(30, BY_STEPS, INTERVAL, marks=pytest.mark.slow),
        pytest.param(30, {}, STEPS, marks=pytest.mark.slow),
    ],
    ids=['3-steps', '30-steps', '30-epochs'])
def test_kills_change_nothing(kills, options, interval, tmp_path) -> None:
    options = dict(
        options,
        epochs=3 * kills,
        default_hooks__checkpoint__backend_args=dict(backend='slow_disk'),
        default_hooks__steps__pause=0.005)
    killed, calm = tmp_path / 'killed', tmp_path / 'calm'
    rng = random.Random(kills)
    written = [
        _kill_once(killed, rng, bool(index % 2), **options)
        for index in range(kills)
    ]
    assert any(written)
    codes = finish(
        start(killed, **options), start(calm, **options), timeout=400)
    assert codes == [0, 0]
    starts = lines(killed, 'start')
    assert len(starts) == kills + 1 and lines(calm, 'start') == [0]
    if interval < STEPS and kills > 3:
        assert any(step % STEPS for step in starts)
    done, lost = 0, []
    for line in (killed / 'steps.txt').read_text().splitlines():
        word, number = line.split()
        if word == 'start':
            lost.append(done - int(number))
        done = int(number)
    # A step may be logged that was not yet part of a checkpoint.
    assert 0 < max(lost) <= interval, lost
    print(f'{sum(written)} of {kills} kills during a write; steps lost: '
          f'{max(lost)} at most, {sum(lost)} in all')  # pytest -rP
    name = {
        STEPS: f'epoch_{options["epochs"]}.pth'
    }.get(interval, f'iter_{options["epochs"] * STEPS}.pth')
    ours, theirs = final_state(killed, name), final_state(calm, name)
    assert same(ours, theirs)
    best, = calm.glob('best_*')
    assert same(
        final_state(killed, best.name)['weights'],
        final_state(calm, best.name)['weights'])
    # Nothing is left behind either.
    assert sorted(p.name for p in killed.glob('*.pth')) == sorted(
        p.name for p in calm.glob('*.pth'))
    assert not _unfinished(killed)
