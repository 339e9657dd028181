"""How a command line ends that is stopped from outside."""
import signal
import sys
from contextlib import contextmanager
from typing import Any, Iterator


@contextmanager
def tidy_exit(note: str) -> Iterator[None]:
    """End on Ctrl-C or SIGTERM with a line, after all files are tidied up.

    Args:
        note (str): What is said.

    Yields:
        None: Work inside the context.

    Raises:
        SystemExit: With code 130 after Ctrl-C, 143 after SIGTERM.
    """

    def stop(number: int, frame: Any) -> None:
        # A second signal must not disturb the tidying up.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = {
        name: signal.signal(name, stop)
        for name in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    except SystemExit as end:
        if end.code in (128 + signal.SIGINT, 128 + signal.SIGTERM):
            print(note, file=sys.stderr)
        raise
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
