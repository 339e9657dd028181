"""A training step while other programs keep the cores busy."""
import argparse
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List

# In a process of its own: OpenMP reads its settings when torch is loaded.
_MEASURE = '''
import argparse, statistics, sys, time
from benchmark_parts import train
parser = argparse.ArgumentParser()
train.add_arguments(parser)
args = parser.parse_args(sys.argv[1:])
train.torch.set_num_threads(args.threads)
step = train.our_step(args)
step()
for _ in range(args.repeats):
    begun = time.perf_counter()
    step()
    print(time.perf_counter() - begun)
'''
# Ends with the process that started it.
_BUSY = '''
import os
parent = os.getppid()
while os.getppid() == parent:
    sum(range(10000))
'''


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this part.

    Args:
        parser (ArgumentParser): Changed in place.
    """
    parser.add_argument('--config', default='configs/fnac_synthetic.py')
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument(
        '--image-size', type=int, default=112, help='pixels, height = width')
    parser.add_argument('--threads', type=int, default=os.cpu_count())
    parser.add_argument(
        '--neighbours', type=int, default=2, help='programs that only count')
    parser.add_argument('--repeats', type=int, default=10)


def _seconds(args: argparse.Namespace, policy: str, neighbours: int) -> float:
    """Median time of a step."""
    environment = dict(os.environ, OMP_WAIT_POLICY=policy)
    if policy == 'unset':
        del environment['OMP_WAIT_POLICY']
    environment['PYTHONPATH'] = os.pathsep.join(
        [str(Path(__file__).resolve().parents[1]), *sys.path])
    options = [
        f'--{name.replace("_", "-")}={getattr(args, name)}'
        for name in ('config', 'batch_size', 'image_size', 'threads',
                     'repeats')
    ]
    with ExitStack() as running:
        for _ in range(neighbours):
            busy = subprocess.Popen([sys.executable, '-c', _BUSY])
            running.callback(busy.wait)
            running.callback(busy.kill)
        done = subprocess.run([sys.executable, '-c', _MEASURE, *options],
                              env=environment,
                              stdout=subprocess.PIPE,
                              text=True,
                              check=True)
    return statistics.median(map(float, done.stdout.split()))


def run(args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Measure with threads that wait asleep, as tools/train.py's, and else.

    Args:
        args (Namespace): Options of this part.

    Returns:
        list[dict]: A row each.
    """
    rows: List[Dict[str, Any]] = []
    for policy in ('PASSIVE', 'unset'):
        alone, beside = (
            _seconds(args, policy, count) for count in (0, args.neighbours))
        rows.append({
            'OMP_WAIT_POLICY': policy,
            'ms alone': 1000 * alone,
            f'ms beside {args.neighbours}': 1000 * beside,
            'times as long': beside / alone
        })
    return rows
