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

FOREVER = 'train_cfg.max_epochs=99'


def _kill(rank: int, step: int) -> list:
    """Options: this process dies after this step."""
    return [
        'default_hooks.kill.type=KillHook', f'default_hooks.kill.rank={rank}',
        f'default_hooks.kill.step={step}'
    ]


def _end(*jobs: subprocess.Popen) -> list:
    """Logs of jobs that end well."""
    logs = [job.communicate(timeout=120)[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0] * len(jobs), logs
    return logs


def _weights(work: Path, ranks: int) -> list:
    return [
        torch.load(work / f'rank_{rank}.pth', weights_only=True)
        for rank in range(ranks)
    ]


@pytest.mark.slow
def test_two_machines_train_as_one(synthetic, tmp_path) -> None:
    _end(*start_two_nodes(tmp_path / 'two', synthetic, 1))
    _end(start(tmp_path / 'one', synthetic, 2, PORT=free_port()))
    first, second = _weights(tmp_path / 'two', 2)
    assert same(first, second)
    assert same(first, _weights(tmp_path / 'one', 1)[0])


def test_two_machines_of_two_agree(synthetic, tmp_path) -> None:
    _end(*start_two_nodes(tmp_path, synthetic, 2))
    first, *others = _weights(tmp_path, 4)
    assert all(same(first, other) for other in others)


def test_a_killed_rank_ends_the_other_machine_too(synthetic, tmp_path) -> None:
    nodes = start_two_nodes(tmp_path, synthetic, 1, FOREVER, *_kill(1, 2))
    ended = []
    for node in nodes:
        log = node.communicate(timeout=120)[0]
        ended.append((time.monotonic(), log))
        assert node.returncode != 0
    assert abs(ended[0][0] - ended[1][0]) < 60
    killed, = (log for _, log in ended if 'Signal 9 (SIGKILL)' in log)
    other, = (log for _, log in ended if log is not killed)
    assert re.search(r'rank\s*: 1 \(local_rank: 0\)', killed), killed
    assert 'Process 0 of 2 lost the others' in other, other


@pytest.mark.slow
@pytest.mark.parametrize(
    'processes, options, messages', [
        (2, [FOREVER, *_kill(1, 2)
             ], [r'rank\s*: 1 \(local_rank: 1\)', r'Signal 9 \(SIGKILL\)']),
        (2, ['global_batch_size=5'
             ], ["global_batch_size=5 can't be shared by 2 processes"]),
        (1, [
            'train_dataloader.num_workers=2', 'train_dataloader.timeout=5',
            'default_hooks.hang.type=HangingClipHook'
        ], ['timed out after 5', 'network disk']),
        (1, [
            FOREVER, 'train_dataloader.num_workers=2',
            'train_dataloader.persistent_workers=True', *_kill(0, 1),
            'default_hooks.kill.worker=True'
        ], ['ran out of memory', '--resume']),
    ],
    ids=['rank', 'batch', 'hanging', 'worker'])
def test_a_job_that_ends_says_why(synthetic, tmp_path, processes, options,
                                  messages) -> None:
    job = start(tmp_path, synthetic, processes, *options, PORT=free_port())
    log = job.communicate(timeout=100)[0]
    assert job.returncode != 0
    for message in messages:
        assert re.search(message, log), log
