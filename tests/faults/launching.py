"""Starting tools/dist_train.sh as a user would, on loopback."""
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import List

from tests.conftest import ROOT

CONFIG = 'tests/faults/small_config.py'


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def start(work: Path, data: Path, processes: int, *options: str,
          **environment: object) -> subprocess.Popen:
    """``tools/dist_train.sh`` in the background; stderr joins stdout.

    Args:
        work (Path): Its work dir.
        data (Path): The synthetic benchmark.
        processes (int): Of this "machine".
        *options (str): More ``--cfg-options``.
        **environment: Variables of ``tools/torchrun.sh``.
    """
    return subprocess.Popen([
        'bash', 'tools/dist_train.sh', CONFIG,
        str(processes), '--data-root', data, '--work-dir', work,
        *(['--cfg-options', *options] if options else [])
    ],
                            cwd=ROOT,
                            env=dict(
                                os.environ,
                                PYTHON=sys.executable,
                                OMP_NUM_THREADS='1',
                                GLOO_SOCKET_IFNAME='lo',
                                **{
                                    key: str(value)
                                    for key, value in environment.items()
                                }),
                            start_new_session=True,
                            stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT,
                            text=True)


def start_two_nodes(work: Path, data: Path, processes: int, *options:
                    str) -> List[subprocess.Popen]:
    """Two launchers that find each other by a c10d rendezvous."""
    place = dict(
        NNODES=2,
        RDZV_ENDPOINT=f'127.0.0.1:{free_port()}',
        LOCAL_ADDR='127.0.0.1')
    return [start(work, data, processes, *options, **place) for _ in range(2)]
