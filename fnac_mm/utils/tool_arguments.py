"""What tools that read results and logs share; imports nothing heavy."""
import argparse
import os
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Iterator, Optional, Sequence


def make_parser(description: Optional[str]) -> argparse.ArgumentParser:
    """Parser that prints the text of its tool as it stands.

    Args:
        description (str, optional): ``__doc__`` of the tool.

    Returns:
        ArgumentParser: Without arguments.
    """
    return argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)


def refuse_missing(*paths: str) -> None:
    """End the program at once where a file is not there.

    Args:
        *paths (str): Files or folders that are to be read.
    """
    for path in paths:
        if not os.path.exists(path):
            sys.exit(f'error: {path}: no such file or folder')


def add_import(parser: argparse.ArgumentParser) -> None:
    """Let the user say where metrics of result files are found.

    Args:
        parser (ArgumentParser): Of a tool that reads result files.
    """
    parser.add_argument(
        '--import',
        dest='modules',
        nargs='+',
        default=[],
        metavar='MODULE',
        help='module or .py file that registers a metric of another project')


def import_modules(modules: Sequence[str]) -> None:
    """Import what a user names on the command line.

    Args:
        modules (Sequence[str]): Names of modules, or paths that end with
            ``.py``.

    Raises:
        ValueError: If one can't be imported.
    """
    for name in modules:
        if name.endswith('.py'):
            sys.path.insert(0, str(Path(name).resolve().parent))
            name = Path(name).stem
        try:
            import_module(name)
        except ImportError as error:
            raise ValueError(f'--import {name}: {error}') from None


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """End the program with a message where a file or value is wrong.

    Yields:
        None: Nothing.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')


def name_each(paths: Sequence[str],
              names: Optional[Sequence[str]],
              own: Sequence[str],
              what: str = 'files') -> Sequence[str]:
    """Names to print of some files or folders.

    Args:
        paths (Sequence[str]): Files or folders.
        names (Sequence[str], optional): What the user calls them.
        own (Sequence[str]): Names otherwise, if they differ; else the paths.
        what (str): For the message.

    Returns:
        Sequence[str]: One each.

    Raises:
        ValueError: If there are not as many different names as paths.
    """
    if names is None:
        names = own if len(set(own)) == len(own) else paths
    if len(set(names)) != len(paths) or len(names) != len(paths):
        raise ValueError(f'{len(paths)} {what} need as many names, all '
                         f'different; got {", ".join(names)}')
    return names
