r"""Prepare a folder of one's own videos.

.. code-block:: none

    SOURCE/**/                  OUT_DIR/
        <any name>.mp4, ...         frames/<id>.jpg
                                    audio/<id>.wav
                                    list.txt        ids of what was made
                                    manifest.jsonl
                                    preparation.json

``<id>`` is the path below SOURCE without suffix, with ``_`` for ``/``; if two
files would share one, both keep their suffix (``a_mp4``, ``a_mkv``). With
``--window N`` a video becomes clips of N seconds, whose ids end in the start
second; a rest that is shorter is left out, a shorter video stays one clip. A
stopped run goes on where it stood.

Example:
    python tools/dataset_converters/prepare_videos.py films data/films \
        --frame middle --window 10
"""
import argparse
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Dict, List, Optional, Sequence, Tuple

from make_synthetic import to_lines, write_atomically
from preparation.clips import (VIDEO_SUFFIXES, Clip, Plan, find_files,
                               frame_and_sound)
from preparation.command_line import (add_video_arguments, at_least,
                                      check_folders, make_parser,
                                      run_video_tool)
from preparation.media import FRAME_RULES

from fnac_mm.media.container import MediaError, open_media, video_track
from fnac_mm.media.length import announced_duration


def name_videos(paths: Sequence[str]) -> Dict[str, str]:
    """Give every video an id.

    Args:
        paths (Sequence[str]): Files below the source folder.

    Returns:
        dict[str, str]: Path of each id.

    Raises:
        SystemExit: If two files can't get different ids.
    """
    plain = {
        path: str(PurePosixPath(path).with_suffix('')).replace('/', '_')
        for path in paths
    }
    counts = Counter(plain.values())
    named: Dict[str, str] = {}
    for path, name in plain.items():
        if counts[name] > 1:
            name = f'{name}_{PurePosixPath(path).suffix[1:]}'
        if name in named:
            raise SystemExit(f'error: {path!r} and {named[name]!r} would have '
                             f'the same id {name!r}: rename one')
        named[name] = path
    return named


def windows(path: Path, length: int) -> List[Tuple[float, Optional[float]]]:
    """Begin and end of the windows of a video, seconds.

    Args:
        path (Path): The video.
        length (int): Seconds of a window.

    Returns:
        list[tuple]: ``[(0.0, None)]`` for a video that is shorter or can't
        be opened; making it tells why.
    """
    try:
        with open_media(path) as container:
            duration = announced_duration(video_track(container))
    except MediaError:
        duration = 0.0
    count = int(duration / length + 1e-6)
    return [(float(k * length), float((k + 1) * length))
            for k in range(count)] or [(0.0, None)]


def make_plan(args: argparse.Namespace) -> Plan:
    """All videos, or all windows of them."""
    plan = Plan([])
    paths = find_files(args.source, VIDEO_SUFFIXES, plan.ignored)
    for name, path in sorted(name_videos(paths).items()):
        parts: List[Tuple[float, Optional[float]]] = [(0.0, None)]
        if args.window:
            parts = windows(args.source / path, args.window)
        for begin, end in parts:
            clip_id, note = name, {}
            if end is not None:
                clip_id = f'{name}_{int(begin):06d}'
                note = dict(begin=begin, end=end)
            outputs = frame_and_sound(clip_id, path, args.frame,
                                      args.image_format)
            plan.clips.append(Clip(clip_id, outputs, begin, end, note))
    ids = Counter(clip.clip_id for clip in plan.clips)
    twice = [clip_id for clip_id, count in ids.items() if count > 1]
    if twice:
        raise SystemExit(f'error: several clips would have the id '
                         f'{twice[0]!r}: rename a video')
    return plan


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser('Prepare a folder of one\'s own videos.')
    add_video_arguments(parser, frame='middle')
    parser.add_argument(
        '--window',
        type=at_least(1),
        metavar='SECONDS',
        help='cut videos into clips of so many seconds')
    args = parser.parse_args(argv)
    if args.window and args.frame not in FRAME_RULES and \
            float(args.frame) >= args.window:
        parser.error(f'--frame {args.frame} is outside of a --window of '
                     f'{args.window} s')
    check_folders(args)
    folder = run_video_tool(
        args, make_plan(args), 'prepare_videos', window=args.window)
    made = [
        i for i, r in sorted(folder.records.items()) if r['status'] == 'made'
    ]
    write_atomically(args.out_dir / 'list.txt', to_lines(made))
    print(f'list.txt: {len(made)} ids')


if __name__ == '__main__':
    main()
