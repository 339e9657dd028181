r"""Prepare Flickr-SoundNet from its mp3 files and folders of frames.

.. code-block:: none

    SOURCE/**/                                  OUT_DIR/
        <a>/<b>/<c>/<id>.mp4.mp3                    audio/<id>.wav
        <a>/<b>/<c>/<id>.mp4/00000003.jpg, ...      frames/<id>.jpg
                                                    manifest.jsonl
                                                    preparation.json

``videos/`` has three folders above a clip, the last digits of its id, and
``videos2/`` eight; frames and sounds may be in one tree or in two. Which
frame is taken is not standardised: the published preparation draws one at
random without a seed, others train on the first or on number 8. JPEG files
are copied as they are. A stopped run goes on where it stood.

Example:
    python tools/dataset_converters/prepare_flickr_soundnet.py soundnet \
        data/flickr --frame random --seed 0 --list flickr_144k.txt
"""
import argparse
import re
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any, Dict, List, Optional, Sequence, Tuple

from preparation.clips import Clip, MediaOptions, Output, Plan, find_files
from preparation.command_line import (add_seed, check_folders, make_parser,
                                      read_ids, run_tool)

from fnac_mm.datasets.sample_seed import seed_of_sample

_ID = re.compile(r'\d{9,12}')
_SOUNDS = ('.mp3', '.wav')
_PICTURES = ('.jpg', '.jpeg', '.png')

FrameRule = Tuple[str, Tuple[int, ...]]


def frame_rule(text: str) -> FrameRule:
    """Argument of ``--frame``: a name, or numbers in order of preference."""
    if text in ('random', 'first', 'middle', 'last'):
        return text, ()
    numbers = text.split(',')
    if not all(number.strip().isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(
            'expected random, first, middle, last or numbers of frames as '
            f'8,13,3,18, got {text!r}')
    return 'numbers', tuple(map(int, numbers))


def clip_id_of(name: str) -> Optional[str]:
    """Id in the name of a file or folder: ``<id>.mp4.mp3``, ``<id>.mp4``."""
    stem = name.split('.')[0]
    return stem if _ID.fullmatch(stem) else None


def choose_frame(frames: Sequence[str], rule: FrameRule, seed: int,
                 clip_id: str) -> Optional[str]:
    """Choose one of the frames of a clip.

    Args:
        frames (Sequence[str]): Paths, at least one.
        rule (tuple): Of :func:`frame_rule`.
        seed (int): Seed of ``random``; draws depend on it and the id only.
        clip_id (str): Id of the clip.

    Returns:
        str | None: None if the clip has none of the wanted numbers.
    """
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


def sort_files(
    paths: Sequence[str],
    ignored: Dict[str,
                  List[str]]) -> Tuple[Dict[str, str], Dict[str, List[str]]]:
    """Sounds and frames of each id.

    Args:
        paths (Sequence[str]): Files below the source folder.
        ignored (dict[str, list[str]]): Gets what has no place.

    Returns:
        tuple[dict[str, str], dict[str, list[str]]]: The sound and the frames
        of each id. Of several sounds the first by name is taken.
    """
    sounds: Dict[str, str] = {}
    frames: Dict[str, List[str]] = defaultdict(list)
    for path in map(PurePosixPath, paths):
        is_sound = path.suffix.lower() in _SOUNDS
        clip_id = clip_id_of(path.name if is_sound else path.parent.name)
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


def make_plan(args: argparse.Namespace) -> Plan:
    """Find the listed clips that have a sound and a frame."""
    ignored: Dict[str, List[str]] = {}
    paths = find_files(args.source, _SOUNDS + _PICTURES, ignored)
    sounds, frames = sort_files(paths, ignored)
    wanted = read_ids(args.list)
    if wanted is None:
        wanted = sorted({*sounds, *frames})
    clips, missing = [], {}
    for clip_id in sorted(wanted):
        chosen = choose_frame(frames[clip_id], args.frame, args.seed,
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


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser('Prepare Flickr-SoundNet from mp3 and frames.')
    add = parser.add_argument
    add('--frame',
        type=frame_rule,
        default='random',
        metavar='RULE',
        help='random (by --seed and the id; default), first, middle, last, '
        'or numbers in order of preference, as 8,13,3,18')
    add_seed(parser)
    add('--list',
        type=Path,
        nargs='+',
        help='lists of ids, as flickr_144k.txt; only these are wanted')
    args = parser.parse_args(argv)
    check_folders(args)
    options = MediaOptions(args.source, args.out_dir, seed=args.seed)
    run_tool(
        args, make_plan(args), 'prepare_flickr_soundnet', options,
        dict(
            frame=args.frame[0],
            frame_numbers=list(args.frame[1]),
            seed=args.seed))


if __name__ == '__main__':
    main()
