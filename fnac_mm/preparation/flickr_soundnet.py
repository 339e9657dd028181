"""Flickr-SoundNet from its mp3 files and folders of frames."""
import re
from argparse import Namespace
from collections import defaultdict
from pathlib import PurePosixPath
from typing import Any, Dict, List, Optional, Sequence, Tuple

from fnac_mm.datasets.sample_seed import seed_of_sample
from fnac_mm.media.suffixes import media_kind
from .plan import Clip, Output, Plan, find_files, read_ids
from .runner import prepare

_ID = re.compile(r'\d{9,12}')

FrameRule = Tuple[str, Tuple[int, ...]]


def _clip_id_of(name: str) -> Optional[str]:
    """Id in the name ``<id>.mp4.mp3`` or ``<id>.mp4``."""
    stem = name.split('.')[0]
    return stem if _ID.fullmatch(stem) else None


def _choose_frame(frames: Sequence[str], rule: FrameRule, seed: int,
                  clip_id: str) -> Optional[str]:
    """One of the frames of a clip; None without the wanted numbers."""
    frames = sorted(frames)
    name, numbers = rule
    if name != 'numbers':
        index = dict(
            random=seed_of_sample(seed, 'frame', clip_id) % len(frames),
            first=0,
            middle=len(frames) // 2,
            last=-1)[name]
        return frames[index]
    by_number = {
        int(PurePosixPath(path).stem): path
        for path in frames if PurePosixPath(path).stem.isdecimal()
    }
    return next((by_number[n] for n in numbers if n in by_number), None)


def _sort_files(
    paths: Sequence[str],
    ignored: Dict[str,
                  List[str]]) -> Tuple[Dict[str, str], Dict[str, List[str]]]:
    """Sound and frames of each id; of several sounds the first by name."""
    sounds: Dict[str, str] = {}
    frames: Dict[str, List[str]] = defaultdict(list)
    for path in map(PurePosixPath, paths):
        is_sound = media_kind(str(path)) == 'sound'
        clip_id = _clip_id_of(path.name if is_sound else path.parent.name)
        if clip_id is None:
            ignored.setdefault('names that are no clip', []).append(str(path))
        elif not is_sound:
            frames[clip_id].append(str(path))
        elif clip_id in sounds:
            ignored.setdefault('other files of the same clip',
                               []).append(str(path))
        else:
            sounds[clip_id] = str(path)
    # A clip in two trees: its frames come from the first.
    for clip_id, found in frames.items():
        first = min(str(PurePosixPath(path).parent) for path in found)
        frames[clip_id] = [
            path for path in found if str(PurePosixPath(path).parent) == first
        ]
    return sounds, frames


def _make_plan(args: Namespace) -> Plan:
    """Find the listed clips that have a sound and a frame."""
    ignored: Dict[str, List[str]] = {}
    paths = find_files(args.source, ignored, 'sound', 'picture')
    sounds, frames = _sort_files(paths, ignored)
    wanted = read_ids(args.list)
    if wanted is None:
        wanted = sorted({*sounds, *frames})
    clips, missing = [], {}
    for clip_id in sorted(wanted):
        chosen = _choose_frame(frames[clip_id], args.frame, args.seed,
                               clip_id) if clip_id in frames else None
        if chosen is None or clip_id not in sounds:
            lacks = [
                word
                for word, there in (('frame', chosen), ('sound',
                                                        sounds.get(clip_id)))
                if not there
            ]
            missing[clip_id] = dict(lacks=' and '.join(lacks))
            continue
        note: Dict[str, Any] = dict(
            frame=PurePosixPath(chosen).name, frames=len(frames[clip_id]))
        outputs = (Output(f'frames/{clip_id}.jpg', chosen, 'still'),
                   Output(f'audio/{clip_id}.wav', sounds[clip_id], 'sound'))
        clips.append(Clip(clip_id, outputs, note=note))
    return Plan(clips, missing, ignored)


def prepare_flickr_soundnet(args: Namespace) -> None:
    """Prepare what is missing, as the arguments say."""
    prepare(
        args,
        _make_plan(args),
        'prepare_flickr_soundnet',
        frame=args.frame[0],
        frame_numbers=list(args.frame[1]),
        seed=args.seed)
