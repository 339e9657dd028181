"""Arguments that the ``prepare_*.py`` tools share; nothing heavy in here."""
import argparse
import math
import os
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence

from fnac_mm.utils import command_line

FRAME_RULES = ('first', 'middle', 'random')
JPEG_QUALITY = 95


def frame_rule(text: str) -> str:
    """Argument of ``--frame``: seconds or the name of a rule."""
    if text in FRAME_RULES:
        return text
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(
            f'expected seconds or one of {", ".join(FRAME_RULES)}, got '
            f'{text!r}')
    return str(seconds)


def between(low: float,
            high: float = math.inf,
            kind: Callable[[str], float] = int) -> Callable[[str], Any]:
    """Type of an argument that is a number, both limits included."""

    def parse(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f'expected {kind.__name__} in [{low}, {high}], got {text!r}')
        return number

    return parse


_SHARED: Dict[str, Dict[str, Any]] = {
    '--image-format':
    dict(
        choices=('jpg', 'png'),
        default='jpg',
        help=f'jpg (default, quality {JPEG_QUALITY}) or png'),
    '--audio-track':
    dict(
        type=between(0),
        default=0,
        help='number among the audio tracks; default: 0, the first'),
    '--seed':
    dict(type=between(0), default=0, help='seed of random frames'),
    '--list':
    dict(
        type=Path,
        nargs='+',
        help='lists of ids, as published; only these are wanted'),
    '--link':
    dict(
        choices=('symlink', 'hardlink', 'copy'),
        default='symlink',
        help='how published files get into OUT_DIR; default: symlink'),
}
_OF_VIDEOS = ('--image-format', '--audio-track', '--seed')


def make_parser(description: Optional[str],
                *options: str,
                frame: Optional[str] = None) -> argparse.ArgumentParser:
    """Parser with the arguments that tools share.

    Args:
        description (str, optional): Docstring of the tool.
        *options (str): Of ``--seed``, ``--list`` and ``--link``, those that
            the tool takes.
        frame (str, optional): Default of ``--frame``, of tools that decode
            videos; with it come all that :func:`video_options` names.

    Returns:
        argparse.ArgumentParser: To which a tool adds its own.
    """
    parser = command_line.make_parser(description)
    add = parser.add_argument
    add('source', type=Path, help='folder of the raw media, never written')
    add('out_dir', type=Path, help='folder to make')
    add('--workers',
        type=between(1),
        default=os.cpu_count() or 1,
        help='processes of one thread each; default: one a processor')
    add('--no-space-check',
        action='store_true',
        help='start even if the disk seems too small')
    if frame is not None:
        add('--frame',
            type=frame_rule,
            default=frame,
            metavar='RULE',
            help='seconds after the first frame, first, middle or random '
            f'(uniform, by --seed and the id); default: {frame}')
        options = (*_OF_VIDEOS, *options)
    for name in options:
        add(name, **_SHARED[name])
    return parser


def video_options(args: argparse.Namespace) -> Dict[str, Any]:
    """Arguments on which frames and sounds of videos depend."""
    names = ('frame', 'image_format', 'audio_track', 'seed')
    return {name: getattr(args, name) for name in names}


def parse(parser: argparse.ArgumentParser,
          argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Read a command line and look whether its files are there.

    Args:
        parser (argparse.ArgumentParser): Of :func:`make_parser`.
        argv (Sequence[str], optional): Words; default: those of the process.

    Returns:
        argparse.Namespace: The arguments.

    Raises:
        SystemExit: If a file or folder is missing, or ``out_dir`` is
            ``source`` or lies in it.
    """
    args = parser.parse_args(argv)
    if not args.source.is_dir():
        raise SystemExit(f'error: {args.source}: no such folder')
    for name in ('csv', 'list'):
        value = getattr(args, name, None) or []
        for path in value if isinstance(value, list) else [value]:
            if not path.is_file():
                raise SystemExit(f'error: --{name} {path}: no such file')
    source, out_dir = args.source.resolve(), args.out_dir.resolve()
    if out_dir == source or source in out_dir.parents:
        raise SystemExit(f'error: out_dir {args.out_dir} lies in source '
                         f'{args.source}: name another folder')
    return args
