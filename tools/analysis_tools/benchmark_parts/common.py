"""What all measurements share: the clock, the memory and the table."""
import datetime
import multiprocessing
import os
import platform
import statistics
import time
from multiprocessing.connection import Connection
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

import torch


def hardware() -> Dict[str, Any]:
    """What a figure needs to be read: machine, versions, date."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else 'none'
    cores = len(os.sched_getaffinity(0)) if hasattr(
        os, 'sched_getaffinity') else os.cpu_count()
    return dict(
        date=datetime.date.today().isoformat(),
        machine=f'{platform.machine()}, {cores} cores',
        gpu=gpu,
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        python=platform.python_version())


def seconds_in_turn(alternatives: Mapping[str, Callable[[], object]],
                    repeats: int = 5) -> Dict[str, List[float]]:
    """Seconds of each call, in turn, so that a busy moment hits all of them.

    Each is called once before the clock starts, then once a round.
    """
    times: Dict[str, List[float]] = {name: [] for name in alternatives}
    for call in alternatives.values():
        call()
    for _ in range(repeats):
        for name, call in alternatives.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return times


def ratios(times: Mapping[str, Sequence[float]],
           baseline: str) -> Dict[str, float]:
    """How many times as fast as the baseline: median over rounds."""
    return {
        name: statistics.median(b / v for b, v in zip(times[baseline], values))
        for name, values in times.items()
    }


def add_times(rows: Sequence[Dict[str, Any]],
              alternatives: Mapping[str, Callable[[], object]],
              repeats: int,
              suffix: str = '') -> None:
    """Add ``ms`` and ``times as fast`` as the last one to the rows of each."""
    times = seconds_in_turn(alternatives, repeats)
    speed = ratios(times, list(times)[-1])
    for row, (name, values) in zip(rows, times.items()):
        row[f'ms{suffix}'] = 1000 * statistics.median(values)
        row[f'times as fast{suffix}'] = speed[name]


def process_memory(key: str) -> int:
    """Bytes that Linux counts for this process, now (VmRSS) or at its peak.

    Not ``getrusage``: its peak is handed down from the parent process.
    """
    with open('/proc/self/status') as file:
        line = next(line for line in file if line.startswith(f'{key}:'))
    return int(line.split()[1]) * 1024


def _report_peak(work: Callable[[], Callable[[], object]],
                 pipe: Connection) -> None:
    call = work()
    with open('/proc/self/clear_refs', 'w') as file:
        file.write('5')  # the peak is what is held now
    before = process_memory('VmRSS')
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    pipe.send((process_memory('VmHWM') - before, seconds))


def peak_extra_bytes(
        work: Callable[[], Callable[[], object]]) -> Tuple[int, float]:
    """Bytes that a call holds beyond what was held before it, and its seconds.

    Args:
        work (Callable): A function of a module (it is sent to a process that
            is started anew), which prepares the input and returns the call.

    Raises:
        RuntimeError: If the process dies, for example for lack of memory.
    """
    # The process maps each large block by itself: what glibc keeps of freed
    # ones would count as memory that the call needs.
    os.environ.setdefault('MALLOC_MMAP_THRESHOLD_', '65536')
    context = multiprocessing.get_context('spawn')
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_report_peak, args=(work, theirs))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        raise RuntimeError(f'{work}: the measuring process died') from None
    finally:
        process.join()


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of one set of keys, which head the columns; four digits."""
    keys = list(rows[0])
    lines = [keys, ['---'] * len(keys)]
    for row in rows:
        lines.append([
            f'{v:.4g}' if isinstance(v, float) else str(v)
            for v in row.values()
        ])
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
