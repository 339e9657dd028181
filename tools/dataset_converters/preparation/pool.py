"""Worker processes that survive what a decoder does to them."""
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import (FIRST_COMPLETED, Future, ProcessPoolExecutor,
                                wait)
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Dict, Iterator, List, Sequence

import cv2

from .clips import Clip, MediaOptions
from .media import failure, make_clip
from .pictures import Record

_QUEUED = 4


def _watch_parent(parent: int) -> None:
    """End this process when the one that started it is gone."""
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent; never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(
        target=_watch_parent, args=(parent, ), daemon=True).start()


def _new_pool(workers: int) -> ProcessPoolExecutor:
    """Processes of the platform's usual kind, of one thread each."""
    # Before they are forked: OpenCV would wait for threads left behind.
    cv2.setNumThreads(1)
    return ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context(),
        initializer=_start_worker,
        initargs=(os.getpid(), ))


def _make_alone(clip: Clip, options: MediaOptions) -> Record:
    """Make one clip in a process of its own that may crash."""
    with _new_pool(1) as pool:
        try:
            return pool.submit(make_clip, clip, options).result()
        except BrokenProcessPool:
            return failure(clip, options.source, 'crashed',
                           'the decoder took its process down')


def _fill(pool: ProcessPoolExecutor, pending: Dict['Future[Record]', Clip],
          todo: List[Clip], options: MediaOptions, room: int) -> None:
    """Submit clips, taken from the end of the list, while there is room."""
    while todo and len(pending) < room:
        clip = todo[-1]
        pending[pool.submit(make_clip, clip, options)] = clip
        todo.pop()


def _run_pool(todo: List[Clip], lost: List[Clip], options: MediaOptions,
              workers: int) -> Iterator[Record]:
    """Work until all is done or a process crashed; then ``lost`` tells."""
    pool = _new_pool(workers)
    pending: Dict['Future[Record]', Clip] = {}
    try:
        while todo or pending:
            _fill(pool, pending, todo, options, workers * _QUEUED)
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                # Left in ``pending`` if it raises.
                record = future.result()
                del pending[future]
                yield record
    except BrokenProcessPool:
        lost.extend(pending.values())
    finally:
        pool.shutdown(cancel_futures=True)


def make_clips(clips: Sequence[Clip], options: MediaOptions,
               workers: int) -> Iterator[Record]:
    """Make clips in worker processes, one thread each.

    Args:
        clips (Sequence[Clip]): What to make.
        options (MediaOptions): How.
        workers (int): Processes; the files do not depend on them.

    Yields:
        dict: Records in the order in which they are ready. A clip that takes
        its process down fails as ``crashed``; its neighbours are made again.
    """
    todo = list(reversed(clips))
    while todo:
        lost: List[Clip] = []
        yield from _run_pool(todo, lost, options, workers)
        yield from map(partial(_make_alone, options=options), lost)
