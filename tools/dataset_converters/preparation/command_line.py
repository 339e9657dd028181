"""Arguments that the ``prepare_*.py`` tools share."""
import argparse
import math
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from fnac_mm.datasets.text_files import check_id, read_text
from .clips import MediaOptions, Plan
from .media import FRAME_RULES
from .pictures import JPEG_QUALITY
from .runner import prepare
from .state import PreparedFolder

VERSION = 1


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


def at_least(low: int) -> Any:
    """Type of an argument that is an integer not below ``low``."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(
                f'expected an integer of at least {low}, got {text!r}')
        return int(text)

    return parse


def make_parser(description: str) -> argparse.ArgumentParser:
    """Parser with the arguments of all tools.

    Args:
        description (str): What the tool does.

    Returns:
        argparse.ArgumentParser: To which a tool adds its own.
    """
    parser = argparse.ArgumentParser(description=description)
    add = parser.add_argument
    add('source', type=Path, help='folder of the raw media, never written')
    add('out_dir', type=Path, help='folder to make')
    add('--workers',
        type=at_least(1),
        default=os.cpu_count() or 1,
        help='processes of one thread each; default: one a processor')
    add('--no-space-check',
        action='store_true',
        help='start even if the disk seems too small')
    return parser


def add_video_arguments(parser: argparse.ArgumentParser, frame: str) -> None:
    """Add the arguments of tools that decode videos.

    Args:
        parser (argparse.ArgumentParser): Changed in place.
        frame (str): Default of ``--frame``.
    """
    add = parser.add_argument
    add('--frame',
        type=frame_rule,
        default=frame,
        metavar='RULE',
        help='seconds after the first frame, first, middle or random '
        f'(uniform, by --seed and the id); default: {frame}')
    add('--image-format',
        choices=('jpg', 'png'),
        default='jpg',
        help=f'jpg (default, quality {JPEG_QUALITY}) or png')
    add('--audio-track',
        type=at_least(0),
        default=0,
        help='number among the audio tracks; default: 0, the first')
    add_seed(parser)


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add ``--seed``.

    Args:
        parser (argparse.ArgumentParser): Changed in place.
    """
    parser.add_argument(
        '--seed', type=at_least(0), default=0, help='seed of random frames')


def read_ids(paths: Optional[Sequence[Path]]) -> Optional[List[str]]:
    """Ids of list files: the text before the first comma of each line.

    Args:
        paths (Sequence[Path], optional): Lists as published.

    Returns:
        list[str] | None: Without repetitions; None without lists.

    Raises:
        SystemExit: If a file is absent, empty, or holds unsafe ids.
    """
    if not paths:
        return None
    ids: Dict[str, None] = {}
    try:
        for path in paths:
            lines = read_text(path).splitlines()
            for number, line in enumerate(lines, start=1):
                name = line.split(',')[0].strip()
                if name:
                    ids[check_id(name, f'{path}, line {number}')] = None
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    if not ids:
        raise SystemExit(f'error: {", ".join(map(str, paths))}: no ids')
    return list(ids)


def run_tool(args: argparse.Namespace, plan: Plan, tool: str,
             options: MediaOptions, saved: Mapping[str,
                                                   Any]) -> PreparedFolder:
    """Run a plan with the arguments that all tools have.

    Args:
        args (argparse.Namespace): Of :func:`make_parser`.
        plan (Plan): What to do.
        tool (str): Name of the tool.
        options (MediaOptions): How.
        saved (dict): Arguments on which the files depend.

    Returns:
        PreparedFolder: As of :func:`~preparation.runner.prepare`.
    """
    return prepare(
        plan,
        options,
        dict(tool=tool, version=VERSION, jpeg_quality=JPEG_QUALITY, **saved),
        args.workers,
        space_check=not args.no_space_check)


def run_video_tool(args: argparse.Namespace, plan: Plan, tool: str,
                   **saved: Any) -> PreparedFolder:
    """Run a plan with the arguments of tools that decode videos.

    Args:
        args (argparse.Namespace): Of :func:`add_video_arguments` as well.
        plan (Plan): What to do.
        tool (str): Name of the tool.
        **saved: More arguments on which the files depend.

    Returns:
        PreparedFolder: As of :func:`~preparation.runner.prepare`.
    """
    names = ('frame', 'image_format', 'audio_track', 'seed')
    saved.update((name, getattr(args, name)) for name in names)
    options = MediaOptions(args.source, args.out_dir, args.audio_track,
                           args.seed)
    return run_tool(args, plan, tool, options, saved)


def check_folders(args: argparse.Namespace) -> None:
    """Refuse to write into the raw media.

    Args:
        args (argparse.Namespace): Of :func:`make_parser`.

    Raises:
        SystemExit: If ``out_dir`` is ``source`` or lies in it.
    """
    source, out_dir = args.source.resolve(), args.out_dir.resolve()
    if out_dir == source or source in out_dir.parents:
        raise SystemExit(f'error: out_dir {args.out_dir} lies in source '
                         f'{args.source}: name another folder')


def add_link(parser: argparse.ArgumentParser) -> None:
    """Add ``--link``.

    Args:
        parser (argparse.ArgumentParser): Changed in place.
    """
    parser.add_argument(
        '--link',
        choices=('symlink', 'hardlink', 'copy'),
        default='symlink',
        help='how published files get into OUT_DIR; default: symlink')
