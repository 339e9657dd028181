"""Data sets of a config, what they list, and the files to look at."""
import json
import os
from dataclasses import dataclass, field, replace
from typing import (Any, Dict, Iterable, Iterator, List, Optional, Sequence,
                    Set, Tuple)

import numpy as np
from mmengine.config import ConfigDict

from fnac_mm.datasets import AVLocalizationDataset
from fnac_mm.registry import DATASETS
from .probe import FileTask
from .problems import Problem
from .published_lists import recognize_list
from .survey import ClipSurvey, survey_clips

TRAIN = 'train'


@dataclass
class View:
    """A data set of the config.

    Attributes:
        loaders (list[str]): Of ``train``, ``val`` and ``test``.
        cfg (ConfigDict): Its config.
        name (str): Name of the data set.
        readable (bool): Whether lists and folders could be read.
        survey (ClipSurvey): What it lists and what is there.
        clips (list[dict]): Those of ``survey.clips`` to look at.
        lists (list[dict]): Its list files, recognised.
    """
    loaders: List[str]
    cfg: ConfigDict
    name: str = ''
    readable: bool = False
    survey: ClipSurvey = field(
        default_factory=lambda: ClipSurvey(0, 0, [], [], {}, 0))
    clips: List[dict] = field(default_factory=list)
    lists: List[Dict[str, Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """str: Its dataloaders, for messages."""
        return '+'.join(self.loaders)

    @property
    def sound(self) -> Dict[str, Any]:
        """dict: Arguments of its ``LoadAudio``, with the defaults."""
        steps = [
            step for step in self.cfg.get('pipeline', ())
            if str(step.get('type')).rpartition('.')[2] == 'LoadAudio'
        ]
        given = dict(steps[0]) if steps else {}
        return {**dict(duration=3.0, sample_rate=16000, start=None), **given}

    def problem(self, file: str, kind: str, found: str) -> Problem:
        """A problem of this data set."""
        return Problem(file, kind, found, self.label)


def find_views(data_sets: Iterable[Tuple[str, ConfigDict]]) -> List[View]:
    """Data sets of a config; one that two dataloaders share counts once."""
    views: Dict[str, View] = {}
    for loader, dataset in data_sets:
        role = loader.split('_')[0]
        key = json.dumps(dataset.to_dict(), sort_keys=True, default=repr)
        view = views.setdefault(key, View([], dataset))
        if role not in view.loaders:
            view.loaders.append(role)
    return list(views.values())


def open_view(view: View, sample: Optional[int]) -> List[Problem]:
    """Read lists and folders of a data set.

    Args:
        view (View): Filled in place.
        sample (int, optional): Look at this many clips, drawn with a fixed
            seed; None: at all.

    Returns:
        list[Problem]: What is wrong before any file is opened.
    """
    try:
        dataset = DATASETS.build(
            dict(view.cfg.to_dict(), pipeline=[], lazy_init=True))
        if not isinstance(dataset, AVLocalizationDataset):
            raise TypeError(f'{type(dataset).__name__} is not a data set of '
                            'this package')
        view.name = dataset.dataset_name or dataset.metainfo['dataset_name']
        view.survey = survey_clips(dataset)
        view.lists = list(_list_rows(dataset))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [
            view.problem(
                str(view.cfg.get('data_root')), 'data_set',
                f'{type(error).__name__}: {error}')
        ]
    view.readable = True
    view.clips = _draw(view.survey.clips, sample)
    return _missing(view, dataset)


def _list_rows(dataset: AVLocalizationDataset) -> Iterator[Dict[str, Any]]:
    """The list files in the report."""
    for argument, path in dataset.annotation_files():
        try:
            facts = recognize_list(path)
        except (OSError, ValueError):
            # A folder, or a format of the data set's own, which has read it.
            continue
        yield dict(
            argument=argument,
            file=path,
            count=facts.size,
            sha256=facts.digest,
            recognized=facts.description)


def _missing(view: View, dataset: AVLocalizationDataset) -> List[Problem]:
    survey = view.survey
    problems = [
        view.problem(path, 'missing', f'no such file for {sample_id!r}')
        for paths in survey.missing.values()
        for sample_id, path in paths.items()
    ]
    if not survey.clips:
        problems.append(
            view.problem(
                str(dataset.data_root), 'data_set',
                f'none of the {len(survey.ids):,} clips wanted is there, but '
                f'{survey.n_unlisted:,} others are; is it the list of another '
                'data set?'))
    return problems


def _draw(clips: List[dict], sample: Optional[int]) -> List[dict]:
    """Some of the clips, in their order."""
    if sample is None or sample >= len(clips):
        return clips
    chosen = np.random.default_rng(0).choice(len(clips), sample, replace=False)
    return [clips[i] for i in sorted(chosen)]


@dataclass(slots=True)
class FileUse:
    """A file, and who uses it.

    Attributes:
        task (FileTask): What is asked about it.
        loaders (dict[str, None]): Names of dataloaders, in order.
        groups (set[str]): Of its samples (frames of a video, ...).
    """
    task: FileTask
    loaders: Dict[str, None] = field(default_factory=dict)
    groups: Set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        """str: Its dataloaders, for messages."""
        return '+'.join(self.loaders)


def _tasks(view: View, fingerprints: bool) -> Iterator[Tuple[FileTask, dict]]:
    """Files of the clips to look at, each with its sample."""
    sound = view.sound
    groups = any('group' in clip for clip in view.clips)
    for clip in view.clips:
        for kind in ('img_path', 'audio_path', 'mask_path'):
            if clip.get(kind):
                yield FileTask(
                    clip[kind],
                    kind,
                    sound['duration'],
                    sound['start'],
                    clip.get('mask_threshold'),
                    fingerprint=fingerprints and kind != 'mask_path',
                    thumbnail=groups and kind == 'img_path'), clip


def collect_files(views: Sequence[View],
                  fingerprints: bool) -> Dict[str, FileUse]:
    """Each file once, by path, with all its users."""
    uses: Dict[str, FileUse] = {}
    for view in views:
        for task, clip in _tasks(view, fingerprints):
            use = uses.setdefault(task.path, FileUse(task))
            if task.seconds > use.task.seconds:
                use.task = replace(use.task, seconds=task.seconds)
            use.loaders.update(dict.fromkeys(view.loaders))
            use.groups.add(clip.get('group', clip['sample_id']))
    return uses


def file_stem(path: str) -> str:
    """Name of a file without folder and suffix."""
    return os.path.splitext(os.path.basename(path))[0]
