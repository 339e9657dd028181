"""Several processes, on one "machine" and on two, and the death of one."""
import re
import subprocess
import time
from pathlib import Path

import pytest
import torch

from tests.faults.launching import free_port, start, start_two_nodes
from tests.faults.toy_run import same

pytestmark = pytest.mark.ddp


def _weights(work: Path, ranks: int) -> list:
    return [
        torch.load(work / f'rank_{rank}.pth', weights_only=True)
        for rank in range(ranks)
    ]


def _failure(job: subprocess.Popen) -> str:
    """What a job says that ends with an error."""
    log = job.communicate(timeout=120)[0]
    assert job.returncode != 0
    return log


@pytest.mark.slow
def test_two_machines_train_as_one(synthetic, tmp_path) -> None:
    nodes = start_two_nodes(tmp_path / 'two', synthetic, 1)
    logs = [node.communicate(timeout=120)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], logs
    one = start(tmp_path / 'one', synthetic, 2, PORT=free_port())
    log = one.communicate(timeout=120)[0]
    assert one.returncode == 0, log
    first, second = _weights(tmp_path / 'two', 2)
    assert same(first, second)
    assert same(first, _weights(tmp_path / 'one', 1)[0])


def test_two_machines_of_two_agree(synthetic, tmp_path) -> None:
    nodes = start_two_nodes(tmp_path, synthetic, 2)
    logs = [node.communicate(timeout=120)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], logs
    first, *others = _weights(tmp_path, 4)
    assert all(same(first, other) for other in others)


@pytest.mark.slow
def test_a_killed_rank_ends_the_job_and_is_named(synthetic, tmp_path) -> None:
    job = start(
        tmp_path,
        synthetic,
        2,
        'train_cfg.max_epochs=99',
        'default_hooks.kill.type=KillHook',
        'default_hooks.kill.rank=1',
        'default_hooks.kill.step=2',
        PORT=free_port())
    log = _failure(job)
    assert re.search(r'rank\s*: 1 \(local_rank: 1\)', log), log
    assert 'Signal 9 (SIGKILL)' in log


def test_a_killed_rank_ends_the_other_machine_too(synthetic, tmp_path) -> None:
    nodes = start_two_nodes(tmp_path, synthetic, 1, 'train_cfg.max_epochs=99',
                            'default_hooks.kill.type=KillHook',
                            'default_hooks.kill.rank=1',
                            'default_hooks.kill.step=2')
    ended = []
    for node in nodes:
        log = _failure(node)
        ended.append((time.monotonic(), log))
    assert abs(ended[0][0] - ended[1][0]) < 60
    killed, = (log for _, log in ended if 'Signal 9 (SIGKILL)' in log)
    other, = (log for _, log in ended if log is not killed)
    assert re.search(r'rank\s*: 1 \(local_rank: 0\)', killed), killed
    assert 'Process 0 of 2 lost the others' in other, other


@pytest.mark.slow
def test_a_batch_that_does_not_divide_is_refused(synthetic, tmp_path) -> None:
    job = start(
        tmp_path, synthetic, 2, 'global_batch_size=5', PORT=free_port())
    log = _failure(job)
    assert "global_batch_size=5 can't be shared by 2 processes" in log


@pytest.mark.slow
def test_a_loader_worker_that_hangs_ends_the_job(synthetic, tmp_path) -> None:
    job = start(
        tmp_path,
        synthetic,
        1,
        'train_dataloader.num_workers=2',
        'train_dataloader.timeout=5',
        'default_hooks.hang.type=HangingClipHook',
        PORT=free_port())
    log = _failure(job)
    assert 'timed out after 5' in log and 'network disk' in log, log


@pytest.mark.slow
def test_a_killed_loader_worker_is_explained(synthetic, tmp_path) -> None:
    job = start(
        tmp_path,
        synthetic,
        1,
        'train_cfg.max_epochs=99',
        'train_dataloader.num_workers=2',
        'train_dataloader.persistent_workers=True',
        'default_hooks.kill.type=KillHook',
        'default_hooks.kill.rank=0',
        'default_hooks.kill.step=1',
        'default_hooks.kill.worker=True',
        PORT=free_port())
    log = _failure(job)
    assert 'ran out of memory' in log and '--resume' in log, log
