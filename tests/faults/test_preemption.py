"""A run that is asked to stop saves, leaves and goes on where it was."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch

from tests.faults import launching
from tests.faults.toy_run import STEPS, final_state, finish, lines, same, start

EPOCHS = 3


def _wait_for_steps(work: Path, count: int, process) -> None:
    end = time.monotonic() + 60
    while len(lines(work, 'step')) < count:
        assert process.is_alive() and time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.ddp
@pytest.mark.parametrize('world, number, code', [
    pytest.param(1, signal.SIGUSR1, 143, marks=pytest.mark.slow),
    (2, signal.SIGTERM, 143),
    pytest.param(2, signal.SIGINT, 130, marks=pytest.mark.slow),
])
def test_stop_and_go_on(world, number, code, tmp_path) -> None:
    """Only one process gets the signal; buffers of both are kept."""

    def run(name: str, label: int, **options: object) -> list:
        return [
            start(
                tmp_path / name,
                EPOCHS, (rank, world) if world > 1 else None,
                rendezvous=label,
                train_dataloader__num_workers=1,
                **options) for rank in range(world)
        ]

    (tmp_path / 'calm').mkdir()
    (tmp_path / 'stopped').mkdir()
    assert finish(*run('calm', 0)) == [0] * world
    stopped = tmp_path / 'stopped'
    processes = run('stopped', 1, default_hooks__steps__pause=0.3)
    steps = STEPS // world
    _wait_for_steps(stopped, steps + 1, processes[-1])
    asked = time.monotonic()
    os.kill(processes[-1].pid, number)
    assert finish(*processes) == [code] * world
    assert time.monotonic() - asked < 30
    assert (stopped / 'preempted.pth').exists()
    assert finish(*run('stopped', 2)) == [0] * world
    assert lines(stopped, 'start')[1] % steps
    assert lines(stopped, 'step') == lines(tmp_path / 'calm', 'step')
    name = f'epoch_{EPOCHS}.pth'
    assert same(
        final_state(stopped, name), final_state(tmp_path / 'calm', name))
    assert not (stopped / 'preempted.pth').exists()


@pytest.mark.ddp
def test_processes_may_validate_different_numbers_of_batches(tmp_path) -> None:
    """Five clips, of which a sampler that does not pad gives two and three."""
    processes = [
        start(
            tmp_path,
            1, (rank, 2),
            val_dataloader__dataset__length=5,
            val_dataloader__batch_size=1,
            val_dataloader__sampler__round_up=False) for rank in range(2)
    ]
    assert finish(*processes, timeout=60) == [0, 0]


@pytest.mark.ddp
@pytest.mark.slow
def test_the_whole_group_gets_the_signal(synthetic, tmp_path) -> None:
    """As under Slurm: torchrun, processes and workers of the loaders."""

    def run(name: str, *more: str) -> subprocess.Popen:
        return launching.start(
            tmp_path / name,
            synthetic,
            2,
            'train_cfg.max_epochs=12',
            'train_dataloader.num_workers=1',
            'train_dataloader.persistent_workers=True',
            *more,
            PORT=launching.free_port())

    job = run('stopped')
    for line in job.stdout:
        if re.search(r'Epoch\(train\) +\[2\]\[1/', line):
            break
    asked = time.monotonic()
    os.killpg(job.pid, signal.SIGTERM)
    log = job.communicate(timeout=60)[0]
    assert time.monotonic() - asked < 30
    assert job.returncode != 0
    assert 'saved step' in log and 'killed by signal' not in log, log
    assert (tmp_path / 'stopped' / 'preempted.pth').exists()
    for name in ('stopped', 'calm'):
        log = (job := run(name, 'resume=True')).communicate(timeout=200)[0]
        assert job.returncode == 0, log
    for rank in (0, 1):
        ours, theirs = (
            torch.load(
                tmp_path / name / f'rank_{rank}.pth', weights_only=True)
            for name in ('stopped', 'calm'))
        assert same(ours, theirs)
