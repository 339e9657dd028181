"""What files and clips say only when they are compared."""
from collections import Counter, defaultdict
from typing import Dict, List, Mapping, Sequence, Set

import numpy as np

from .fingerprint import IMAGE_BITS, find_near_duplicates
from .inventory import TRAIN, FileUse, View, file_stem
from .media_checks import STILL_CHANGE, frame_change
from .probe import FileFacts
from .problems import Problem

Facts = Mapping[str, FileFacts]
Uses = Mapping[str, FileUse]

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
            names |= {file_stem(clip[k]) for k in ('img_path', 'audio_path')}
    return names


def equal_content(uses: Uses, facts: Facts) -> List[Problem]:
    """Pictures or sounds that are equal to the last bit, once decoded.

    Samples of one group (frames of a video, sounds of a picture) share their
    content by design.
    """
    same: Dict[tuple, List[str]] = defaultdict(list)
    for path in sorted(facts):
        digest = facts[path].digest
        if digest is not None:
            same[uses[path].task.kind, digest].append(path)
    problems = []
    for (kind, _), paths in same.items():
        # Clips of training come first: those of a test are compared to them.
        paths.sort(key=lambda path: not uses[path].in_train)
        first = uses[paths[0]]
        for path in paths[1:]:
            use = uses[path]
            leaked = first.in_train and use.in_test and not use.in_train
            if leaked or not set(first.groups) & set(use.groups):
                problems.append(
                    Problem(
                        path, 'leaked_content' if leaked else 'duplicate',
                        f'the same {_WORDS[kind]} as {first.task.path} '
                        f'({first.label})', use.label, first.task.path))
    return problems


def still_clips(views: Sequence[View], facts: Facts) -> List[Problem]:
    """Videos of which all frames are one picture."""
    problems = []
    for view in views:
        frames: Dict[tuple, List[str]] = defaultdict(list)
        for clip in view.clips:
            if 'group' in clip:
                frames[clip['group'],
                       clip['audio_path']].append(clip['img_path'])
        for paths in frames.values():
            small = [
                facts[p].thumbnail for p in sorted(set(paths))
                if p in facts and facts[p].thumbnail is not None
            ]
            change = frame_change([t for t in small if t is not None]) \
                if len(small) > 1 else np.inf
            if change < STILL_CHANGE:
                problems.append(
                    view.problem(
                        sorted(paths)[0], 'still',
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


def _printed_clips(views: Sequence[View], facts: Facts,
                   train: bool) -> List[dict]:
    """Clips with a fingerprint of the frame, each pair of files once."""
    clips = {
        (c['img_path'], c['audio_path']): c
        for view in views if (TRAIN in view.loaders) == train
        for c in view.clips
    }
    return [
        clip for (frame, _), clip in clips.items()
        if frame in facts and facts[frame].fingerprint is not None
    ]


def near_duplicates(views: Sequence[View], facts: Facts) -> List[Problem]:
    """Clips of validation or test that are nearly one of training.

    Those with the id or the content of a training clip are left to the other
    checks. Each clip is reported once, with the closest of training.
    """
    test, train = (_printed_clips(views, facts, t) for t in (False, True))
    if not test or not train:
        return []
    pictures = [
        np.stack([facts[c['img_path']].fingerprint for c in clips])
        for clips in (test, train)
    ]
    sounds = [[
        facts[c['audio_path']].fingerprint
        if c['audio_path'] in facts else None for c in clips
    ] for clips in (test, train)]
    problems: Dict[str, Problem] = {}
    for pair in find_near_duplicates(pictures[0], sounds[0], pictures[1],
                                     sounds[1]):
        clip, other = test[pair.query], train[pair.reference]
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
                f'{TRAIN}+{_label(views, clip)}', other['img_path']))
    return list(problems.values())


def _label(views: Sequence[View], clip: dict) -> str:
    """Dataloaders of a clip."""
    return '+'.join(v.label for v in views
                    if TRAIN not in v.loaders and clip in v.clips)
