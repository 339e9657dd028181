"""The Slurm scripts hand the right command to srun."""
import os
import subprocess

import pytest

from tests.conftest import ROOT


def _call(tmp_path, script: str, *args: str, **env: str) -> list:
    stub = tmp_path / 'srun'
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stub.chmod(0o755)
    done = subprocess.run(['bash', ROOT / 'tools' / script, *args],
                          env=dict(
                              os.environ,
                              PATH=f'{tmp_path}:{os.environ["PATH"]}',
                              **env),
                          capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_train(tmp_path) -> None:
    words = _call(
        tmp_path,
        'slurm_train.sh',
        *('part', 'a job', 'c.py', 'work dir', '--amp'),
        GPUS='16',
        SRUN_ARGS='--exclusive --time=1')
    assert words[:3] == ['-p', 'part', '--job-name=a job']
    assert {'--ntasks=16', '--gres=gpu:8', '--exclusive',
            '--time=1'} <= set(words)
    assert words[-7:] == [
        str(ROOT / 'tools/train.py'), 'c.py', '--work-dir', 'work dir',
        '--launcher', 'slurm', '--amp'
    ]


def test_test_without_gpus(tmp_path) -> None:
    words = _call(
        tmp_path,
        'slurm_test.sh',
        *('part', 'job', 'c.py', 'x.pth'),
        GPUS='2',
        GPUS_PER_NODE='0')
    assert not any(word.startswith('--gres') for word in words)
    assert words[-5:] == [
        str(ROOT / 'tools' / 'test.py'), 'c.py', 'x.pth', '--launcher', 'slurm'
    ]


@pytest.mark.parametrize(
    'script',
    ['slurm_train.sh', 'slurm_test.sh', 'dist_train.sh', 'dist_test.sh'])
def test_too_few_arguments_print_the_usage(script) -> None:
    done = subprocess.run(['bash', ROOT / 'tools' / script, 'x'],
                          capture_output=True,
                          text=True)
    assert done.returncode == 2 and 'usage: bash' in done.stderr
