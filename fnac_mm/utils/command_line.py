"""What the tools share before anything heavy is imported."""
import argparse
import os
import signal
import sys
import traceback
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Iterator, Optional, Sequence

# As a shell reports a process that Ctrl-C has ended.
INTERRUPTED = 130
_PACKAGE = Path(__file__).resolve().parents[1]


def _assignment(text: str) -> str:
    """Check that an override is one."""
    if '=' not in text:
        raise argparse.ArgumentTypeError(f'expected K=V, got {text!r}')
    return text


def make_parser(description: Optional[str]) -> argparse.ArgumentParser:
    """Parser that prints ``__doc__`` of its tool as it stands."""
    return argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options by which ``load_config`` changes a config.

    Args:
        parser (ArgumentParser): Changed in place.
    """
    parser.add_argument(
        '--data-root', help='data_root of every data set in the config')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        type=_assignment,
        metavar='K=V',
        help='override settings of the config, e.g. randomness.seed=1')


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share.

    Args:
        parser (ArgumentParser): Changed in place.
    """
    add_config_arguments(parser)
    parser.add_argument(
        '--work-dir',
        help='where logs and checkpoints go '
        '(default: work_dirs/<config>)')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm'],
        default='none',
        help='how the processes were started')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def parse_dashed(parser: argparse.ArgumentParser,
                 words: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Parse a command line whose values may begin with a dash.

    1 in 64 ids of YouTube does, and argparse takes it for an option. What
    holds a space it does not.

    Args:
        parser (ArgumentParser): Without options of one letter but ``-h``.
        words (Sequence[str], optional): None (default) are the program's.

    Returns:
        argparse.Namespace: What it was given.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        dashed = isinstance(value, (str, Path)) and str(value)[:2] == ' -'
        return type(value)(str(value)[1:]) if dashed else value

    args = parser.parse_args([
        f' {word}' if word[:1] == '-' and word[1:2] not in ('', '-')
        and word != '-h' else word
        for word in (sys.argv[1:] if words is None else words)
    ])
    return argparse.Namespace(**{k: plain(v) for k, v in vars(args).items()})


def require_paths(args: argparse.Namespace, *names: str) -> None:
    """Look for files and folders before anything else is done.

    Args:
        args (Namespace): Read command line.
        *names (str): Of arguments that are paths or lists of them, if they
            are given; those that end with ``_root`` or ``_dir`` are folders.

    Raises:
        FileNotFoundError: If one is not there; names it.
    """
    for name in names:
        value = getattr(args, name)
        is_folder = name.endswith(('_root', '_dir', '_dirs'))
        there = os.path.isdir if is_folder else os.path.exists
        for path in value if isinstance(value, list) else [value]:
            if path is not None and '://' not in path and not there(path):
                kind = name if name in ('config', 'checkpoint') else 'file'
                raise FileNotFoundError(
                    f'{path}: no such {"folder" if is_folder else kind}')


def add_import(parser: argparse.ArgumentParser) -> None:
    """Let the user say where metrics of result files are found."""
    parser.add_argument(
        '--import',
        dest='modules',
        nargs='+',
        default=[],
        metavar='MODULE',
        help='module or .py file that registers a metric of another project')


def import_modules(modules: Sequence[str]) -> None:
    """Import modules, or paths that end with ``.py``, that a user names.

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


def name_each(paths: Sequence[str], names: Optional[Sequence[str]],
              own: Sequence[str]) -> Sequence[str]:
    """What the user calls some paths; else their own names, if they differ.

    Raises:
        ValueError: If there are not as many different names as paths.
    """
    if names is None:
        names = own if len(set(own)) == len(own) else paths
    if not len(set(names)) == len(names) == len(paths):
        raise ValueError(f'{len(paths)} runs or files need as many names, all '
                         f'different; got {", ".join(names)}')
    return names


def let_idle_threads_sleep() -> None:
    """Keep OpenMP's threads from waiting for each other in a busy loop.

    Where other programs use the cores, such a loop takes the time of the
    thread that is waited for. To be called before torch is imported; what
    the user has set stays.
    """
    if 'GOMP_SPINCOUNT' not in os.environ:
        os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')


def add_confidence_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two ways to say when no source is placed.

    Args:
        parser (ArgumentParser): Changed in place.
    """
    confidence = parser.add_mutually_exclusive_group()
    confidence.add_argument(
        '--min-confidence',
        type=float,
        metavar='COS',
        help='place no source where no cosine of the map exceeds this one')
    confidence.add_argument(
        '--threshold-from',
        metavar='JSON',
        help='the same, as calibrated by a test with NegativeAudioMetric')


def _said_by_us(error: BaseException) -> bool:
    """Whether package or tool raised it: a sentence for the user."""
    files = [
        Path(frame.filename)
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    # The first is that of plain_errors, the second its caller's.
    return files[-1] == files[1] or _PACKAGE in files[-1].parents


@contextmanager
def plain_errors() -> Iterator[None]:
    """Context whose errors of use are a sentence, without a traceback.

    Errors of the program itself pass with theirs.

    Yields:
        None: Work inside the context.

    Raises:
        SystemExit: With 130 after Ctrl-C, else with a message, for which
            Python exits with 1.
    """
    try:
        yield
    except KeyboardInterrupt:
        print('\nstopped by Ctrl-C', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError,
            PermissionError) as error:
        sys.exit(f'error: {error}')
    except (ValueError, TypeError, ArithmeticError, OSError,
            RuntimeError) as error:
        if not _said_by_us(error):
            raise
        sys.exit(f'error: {error}')


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
