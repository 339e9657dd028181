"""A bar on the terminal."""
import time
from typing import Callable, Iterable, Iterator, TypeVar

from rich.console import Console
from rich.progress import (BarColumn, MofNCompleteColumn, Progress, TextColumn,
                           TimeRemainingColumn)

Item = TypeVar('Item')

# Seconds between two looks of the bar.
_PERIOD = 0.2


def track(items: Iterable[Item],
          total: int,
          description: str,
          note: Callable[[], str] = str) -> Iterator[Item]:
    """Pass items on, and show on stderr how many there were.

    Where that is no terminal, the bar is printed once, at the end. It has no
    thread of its own, so that processes may be forked meanwhile.

    Args:
        items (Iterable): What is counted.
        total (int): How many there will be.
        description (str): What is worked on.
        note (Callable): Words behind the rate. Defaults to none.

    Yields:
        Any: The items.
    """
    columns = (TextColumn('{task.description}'), BarColumn(),
               MofNCompleteColumn(), TextColumn('{task.fields[rate]}'),
               TimeRemainingColumn())
    started = shown = time.monotonic()
    with Progress(
            *columns, console=Console(stderr=True),
            auto_refresh=False) as progress:
        bar = progress.add_task(description, total=total, rate='')
        for done, item in enumerate(items, start=1):
            yield item
            now = time.monotonic()
            rate = f'{done / max(now - started, 1e-9):,.1f} a second'
            progress.update(bar, completed=done, rate=f'{rate}{note()}')
            if now - shown > _PERIOD:
                progress.refresh()
                shown = now
