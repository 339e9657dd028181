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
    """What a figure needs to be read: machine, versions, date.

    Returns:
        dict[str, Any]: Plain values.
    """
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
    """Time alternatives in turn, so that a busy moment hits all of them.

    Args:
        alternatives (Mapping[str, Callable]): Each is called once before
            the clock starts, then once a round.
        repeats (int): Rounds. Defaults to 5.

    Returns:
        dict[str, list[float]]: Seconds of each call.
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
    """How many times as fast as the baseline: median over rounds.

    Args:
        times (Mapping[str, Sequence[float]]): Of :func:`seconds_in_turn`.
        baseline (str): One of its names.

    Returns:
        dict[str, float]: By name; 1.0 for the baseline.
    """
    return {
        name: statistics.median(b / v for b, v in zip(times[baseline], values))
        for name, values in times.items()
    }


def process_memory(key: str) -> int:
    """Bytes that Linux counts for this process.

    Not ``getrusage``: its peak is handed down from the parent process.

    Args:
        key (str): ``'VmRSS'``, what is held now, or ``'VmHWM'``, its peak.

    Returns:
        int: Bytes.
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
    """How much more than before a call holds at its peak, in a new process.

    Args:
        work (Callable): A function of a module (it is sent to a process that
            is started anew), which prepares the input and returns the call.

    Returns:
        tuple[int, float]: Bytes beyond what was held after the preparation,
        and the seconds of this one call.

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
    """Rows as a markdown table.

    Args:
        rows (Sequence[Mapping]): Of one set of keys, which head the columns.

    Returns:
        str: Floats with four digits.
    """
    keys = list(rows[0])
    lines = [keys, ['---'] * len(keys)]
    for row in rows:
        lines.append([
            f'{v:.4g}' if isinstance(v, float) else str(v)
            for v in row.values()
        ])
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
