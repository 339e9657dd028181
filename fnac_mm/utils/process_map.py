"""A function over many items, in processes that may crash."""
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import (FIRST_COMPLETED, Future, ProcessPoolExecutor,
                                wait)
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import (Callable, Dict, Iterable, Iterator, List, Optional,
                    Sequence, Tuple, TypeVar)

import cv2
import torch

Item = TypeVar('Item')
Result = TypeVar('Result')

# Chunks waiting for each process.
_QUEUED = 3


def _watch_parent(parent: int) -> None:
    """End this process when the one that started it is gone."""
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)


def _start_worker(parent: int) -> None:
    """One thread; Ctrl-C is the parent's, and so are its handlers."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(
        target=_watch_parent, args=(parent, ), daemon=True).start()


def _new_pool(workers: int) -> ProcessPoolExecutor:
    # Before they are forked: OpenCV would wait for threads left behind.
    cv2.setNumThreads(1)
    return ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context(),
        initializer=_start_worker,
        initargs=(os.getpid(), ))


def _run_chunk(function: Callable[[Item], Result],
               chunk: Sequence[Item]) -> List[Result]:
    return [function(item) for item in chunk]


def _run_alone(function: Callable[[Item], Result],
               item: Item) -> Optional[Result]:
    """Result of one item in a process of its own; None if that crashed."""
    with _new_pool(1) as pool:
        try:
            return pool.submit(function, item).result()
        except BrokenProcessPool:
            return None


def _run_pool(function: Callable[[Item], Result], items: Iterator[Item],
              workers: int, size: int,
              lost: List[Item]) -> Iterator[Tuple[Item, Optional[Result]]]:
    """Work until all is done, or a process crashed: then ``lost`` tells."""
    pool = _new_pool(workers)
    pending: Dict['Future[List[Result]]', List[Item]] = {}
    try:
        while True:
            while len(pending) < workers * _QUEUED:
                chunk = list(islice(items, size))
                if not chunk:
                    break
                # Listed first: a broken pool refuses to take it.
                lost.extend(chunk)
                pending[pool.submit(_run_chunk, function, chunk)] = chunk
                del lost[-len(chunk):]
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                results = future.result()
                yield from zip(pending.pop(future), results)
    except BrokenProcessPool:
        lost.extend(item for chunk in pending.values() for item in chunk)
    finally:
        pool.shutdown(cancel_futures=True)


def process_map(function: Callable[[Item], Result],
                items: Iterable[Item],
                workers: int,
                chunk: int = 16) -> Iterator[Tuple[Item, Optional[Result]]]:
    """Apply a function in worker processes, one thread each.

    Few items wait at a time, however many there are. Workers leave Ctrl-C to
    the caller and end when it does.

    Args:
        function (Callable): Of the top level of a module. What it raises
            ends the work.
        items (Iterable): What to work on; can be pickled.
        workers (int): Processes.
        chunk (int): Items that a process takes at a time; 1 for those that
            take long. Defaults to 16.

    Yields:
        tuple: Item and result, in the order in which they are ready. The
        result is None for an item that takes its process down; its
        neighbours are tried again.

    Raises:
        ValueError: If ``workers`` or ``chunk`` is less than 1.
    """
    for name, value in (('workers', workers), ('chunk', chunk)):
        if value < 1:
            raise ValueError(f'{name} must be at least 1, got {value}')
    rest = iter(items)
    while True:
        lost: List[Item] = []
        yield from _run_pool(function, rest, workers, chunk, lost)
        if not lost:
            return
        for item in lost:
            yield item, _run_alone(function, item)
