"""What files and clips say only when they are compared."""
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple

import numpy as np

from .fingerprint import IMAGE_BITS, find_near_duplicates
from .inventory import TRAIN, View
from .media_checks import STILL_CHANGE, frame_change
from .probe import FileFacts, FileTask
from .problems import Problem

Facts = Mapping[str, FileFacts]
Tasks = Mapping[str, FileTask]

_WORDS = dict(img_path='picture', audio_path='sound')


def leaked_ids(views: Sequence[View]) -> List[Problem]:
    """Ids in training and in validation or test, of clips or their files."""
    owners: Dict[str, View] = {}
    for view in views:
        if TRAIN in view.loaders:
            for name in _names(view):
                owners[name] = view
    problems = []
    for view in views:
        if set(view.loaders) != {TRAIN}:
            problems += [
                Problem(name, 'leaked_id', 'this id is in both',
                        f'{owners[name].label}+{view.label}')
                for name in sorted(_names(view) & owners.keys())
            ]
    return problems


def _names(view: View) -> Set[str]:
    """Ids of clips; of the pairs of an extended set also those of files."""
    names = set(view.survey.ids)
    for clip in view.survey.clips:
        if '+' in clip['sample_id']:
            names |= {Path(clip[k]).stem for k in ('img_path', 'audio_path')}
    return names


def equal_content(tasks: Tasks, facts: Facts) -> List[Problem]:
    """Pictures or sounds that are equal to the last bit, once decoded.

    Samples of one group (frames of a video, sounds of a picture) share their
    content by design.
    """
    same: Dict[tuple, List[str]] = defaultdict(list)
    for path in sorted(facts):
        digest = facts[path].digest
        if digest is not None:
            same[tasks[path].kind, digest].append(path)
    problems = []
    for (kind, _), paths in same.items():
        # Clips of training come first: those of a test are compared to them.
        paths.sort(key=lambda path: TRAIN not in tasks[path].loaders)
        first = tasks[paths[0]]
        for path in paths[1:]:
            task = tasks[path]
            leaked = TRAIN in first.loaders and TRAIN not in task.loaders
            if leaked or not first.groups & task.groups:
                problems.append(
                    Problem(
                        path, 'leaked_content' if leaked else 'duplicate',
                        f'the same {_WORDS[kind]} as {first.path} '
                        f'({first.label})', task.label, first.path))
    return problems


def still_clips(views: Sequence[View], facts: Facts) -> List[Problem]:
    """Videos of which all frames are one picture."""
    problems = []
    for view in views:
        videos: Dict[tuple, Set[str]] = defaultdict(set)
        for clip in view.clips:
            if 'group' in clip:
                videos[clip['group'], clip['audio_path']].add(clip['img_path'])
        for paths in videos.values():
            found = [facts[p].thumbnail for p in sorted(paths) if p in facts]
            small = [thumbnail for thumbnail in found if thumbnail is not None]
            change = frame_change(small) if len(small) > 1 else np.inf
            if change < STILL_CHANGE:
                problems.append(
                    view.problem(
                        min(paths), 'still',
                        f'{len(small)} frames that differ by {change:.2f} '
                        'grey levels'))
    return problems


def count_rates(view: View, facts: Facts) -> Dict[int, int]:
    """Recordings of each sample rate."""
    paths = {clip['audio_path'] for clip in view.clips}
    rates = Counter(facts[p].rate for p in paths if p in facts)
    return {rate: rates[rate] for rate in sorted(r for r in rates if r)}


def mixed_rates(views: Sequence[View], facts: Facts) -> List[Problem]:
    """Recordings of other rates than most, where nothing resamples them."""
    problems = []
    for view in views:
        rates = count_rates(view, facts)
        if view.sound['sample_rate'] is not None or len(rates) < 2:
            continue
        usual = max(rates, key=lambda rate: rates[rate])
        problems += [
            view.problem(
                path, 'rates', f'{facts[path].rate} Hz, {usual} Hz '
                f'in most; sample_rate=None keeps the rate')
            for path in sorted({clip['audio_path']
                                for clip in view.clips})
            if path in facts and facts[path].rate not in (None, usual)
        ]
    return problems


def near_duplicates(views: Sequence[View], facts: Facts) -> List[Problem]:
    """Clips of validation or test that are nearly one of training.

    Those with the id or the content of a training clip are left to the other
    checks. Each clip is reported once, with the closest of training.
    """
    # By role each pair of files once: its sample, and who uses it.
    clips: Tuple[Dict[tuple, Tuple[dict, List[str]]], ...] = ({}, {})
    for view in views:
        for clip in view.clips:
            key = clip['img_path'], clip['audio_path']
            if key[0] in facts and facts[key[0]].fingerprint is not None:
                clips[TRAIN in view.loaders].setdefault(
                    key, (clip, []))[1].append(view.label)
    test, train = (list(role.values()) for role in clips)
    prints: List[List[Any]] = [[
        (facts[picture].fingerprint,
         facts[sound].fingerprint if sound in facts else None)
        for picture, sound in role
    ] for role in clips]
    problems: Dict[str, Problem] = {}
    for pair in find_near_duplicates(*prints):
        (clip, labels), (other, _) = test[pair.query], train[pair.reference]
        if clip['sample_id'] == other['sample_id'] or all(
                facts[clip[k]].digest == facts[other[k]].digest
                for k in _WORDS):
            continue
        problems.setdefault(
            clip['sample_id'],
            Problem(
                clip['img_path'], 'near_duplicate',
                f'like {other["img_path"]} ({TRAIN}): {pair.image_bits} of '
                f'{IMAGE_BITS} bits of the frame and '
                f'{100 * pair.audio_error:.1f} % of the sound differ',
                '+'.join([TRAIN, *labels]), other['img_path']))
    return list(problems.values())
