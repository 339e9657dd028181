"""How far a long run has come."""
from contextlib import contextmanager
from typing import Callable, Iterator, Optional

from rich.console import Console
from rich.progress import BarColumn
from rich.progress import Progress as Bar
from rich.progress import TaskProgressColumn, TextColumn, TimeRemainingColumn

# Called with the seconds done and those in all, None if nobody knows.
Progress = Callable[[float, Optional[float]], None]


@contextmanager
def progress_bar(name: str, progress: Optional[Progress],
                 show: bool) -> Iterator[Progress]:
    """A bar on the terminal, or what the caller has instead.

    Args:
        name (str): What is worked on.
        progress (Callable, optional): The caller's own.
        show (bool): Whether to show a bar, if there is none.

    Yields:
        Callable: To be called.
    """
    if progress is not None or not show:
        yield progress or (lambda done, total: None)
        return
    columns = (TextColumn('{task.description}'), BarColumn(),
               TaskProgressColumn(),
               TextColumn('{task.completed:.1f} s, {task.fields[rate]}'),
               TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None, rate='')

        def advance(done: float, total: Optional[float]) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            speed = f'{done / elapsed:.2f} times real time' if elapsed else ''
            bar.update(task, completed=done, total=total, rate=speed)

        yield advance
