"""A folder of one's own videos."""
from argparse import Namespace
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Dict, List, Optional, Sequence, Tuple

from fnac_mm.media.container import MediaError, open_media, video_track
from fnac_mm.media.length import track_end
from fnac_mm.utils.files import write_atomically
from .arguments import video_options
from .plan import Clip, Plan, find_files, frame_and_sound
from .runner import prepare
from .state import to_lines


def name_videos(paths: Sequence[str]) -> Dict[str, str]:
    """Path of each id; SystemExit if two can't get different ids."""
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


def _windows(path: Path, length: int) -> List[Tuple[float, Optional[float]]]:
    """Windows of a video, in seconds; the whole one if it is shorter."""
    try:
        with open_media(path) as container:
            duration = track_end(video_track(container))
    except MediaError:
        duration = 0.0
    count = int(duration / length + 1e-6)
    return [(float(k * length), float((k + 1) * length))
            for k in range(count)] or [(0.0, None)]


def make_plan(args: Namespace) -> Plan:
    """All videos, or all windows of them."""
    plan = Plan([])
    paths = find_files(args.source, plan.ignored, 'video')
    for name, path in sorted(name_videos(paths).items()):
        parts: List[Tuple[float, Optional[float]]] = [(0.0, None)]
        if args.window:
            parts = _windows(args.source / path, args.window)
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


def prepare_videos(args: Namespace) -> None:
    """Prepare what is missing and list what is there, as the arguments say."""
    folder = prepare(
        args,
        make_plan(args),
        'prepare_videos',
        window=args.window,
        **video_options(args))
    made = folder.made()
    write_atomically(args.out_dir / 'list.txt', to_lines(made))
    print(f'list.txt: {len(made)} ids')
