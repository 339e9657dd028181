"""What the tools share before anything heavy is imported."""
import argparse
import os
import sys
import traceback
from contextlib import contextmanager
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
        *names (str): Of arguments that are files, if they are given;
            ``data_root`` is a folder.

    Raises:
        FileNotFoundError: If one is not there; names it.
    """
    for name in names:
        path = getattr(args, name)
        there = os.path.isdir if name == 'data_root' else os.path.isfile
        if path is not None and '://' not in path and not there(path):
            kind = 'folder' if name == 'data_root' else name
            raise FileNotFoundError(f'{path}: no such {kind}')


def let_idle_threads_sleep() -> None:
    """Keep OpenMP's threads from waiting for each other in a busy loop.

    Where other programs use the cores, such a loop takes the time of the
    thread that is waited for. To be called before torch is imported; what
    the user has set stays.
    """
    if 'GOMP_SPINCOUNT' not in os.environ:
        os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')


def _said_by_us(error: BaseException) -> bool:
    """Whether the package itself raised it: a sentence for the user."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and _PACKAGE in Path(frames[-1].filename).parents


@contextmanager
def plain_errors() -> Iterator[None]:
    """Context whose errors of use are a sentence, without a traceback.

    Errors of the program itself pass with theirs.

    Yields:
        None: Work inside the context.

    Raises:
        SystemExit: With 130 after Ctrl-C, 1 after an error of use.
    """
    try:
        yield
    except KeyboardInterrupt:
        print('\nstopped by Ctrl-C', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError,
            PermissionError) as error:
        print(f'error: {error}', file=sys.stderr)
    except (ValueError, TypeError, ArithmeticError, OSError,
            RuntimeError) as error:
        if not _said_by_us(error):
            raise
        print(f'error: {error}', file=sys.stderr)
    else:
        return
    sys.exit(1)
