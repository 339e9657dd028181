"""Data sets of a config, what they list, what is there, what to look at."""
import json
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

import numpy as np
from mmengine.config import ConfigDict

from fnac_mm.datasets import AVLocalizationDataset
from fnac_mm.datasets.id_lists import read_exclusions
from fnac_mm.registry import DATASETS
from .probe import FileTask
from .problems import Problem
from .published_lists import recognize_list

TRAIN = 'train'


@dataclass
class ClipSurvey:
    """What a data set lists and what of it is there.

    Attributes:
        n_listed (int): Clips on the list or, without one, with any file.
        n_excluded (int): Of these, those on ``exclude`` lists.
        ids (list[str]): The others, sorted.
        clips (list[dict]): Samples that have all files, as
            :meth:`AVLocalizationDataset.load_data_list` gives them.
        missing (dict[str, dict[str, str]]): For each kind of file the ids
            without one, and where it would be.
        n_unlisted (int): Clips with all files that no list asks for.
    """
    n_listed: int = 0
    n_excluded: int = 0
    ids: List[str] = field(default_factory=list)
    clips: List[dict] = field(default_factory=list)
    missing: Dict[str, Dict[str, str]] = field(default_factory=dict)
    n_unlisted: int = 0


def survey_clips(dataset: AVLocalizationDataset) -> ClipSurvey:
    """Match lists and folders of a data set, whatever is absent.

    It is built with ``lazy_init=True``: its own initialisation stops at the
    first fault. FileNotFoundError if a list or folder is absent, ValueError if
    a list is malformed or a folder has no file of the kind.
    """
    samples, files = dataset._index_clips()
    listed = files.any_ids() if samples is None else samples.keys()
    excluded = read_exclusions(map(dataset._path, dataset.exclude), listed)
    ids = sorted(set(listed) - excluded)
    clips = files.paths(ids)
    if samples is not None:
        for clip in clips:
            clip.update(samples[clip['sample_id']])
    return ClipSurvey(
        n_listed=len(listed),
        n_excluded=len(listed) - len(ids),
        ids=ids,
        clips=clips,
        missing=files.missing(ids),
        n_unlisted=len(files.ids() - set(listed)))


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
    survey: ClipSurvey = field(default_factory=ClipSurvey)
    clips: List[dict] = field(default_factory=list)
    lists: List[Dict[str, Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """str: Its dataloaders, for messages."""
        return '+'.join(self.loaders)

    @property
    def sound(self) -> Dict[str, Any]:
        """dict: Arguments of its ``LoadAudio``, with the defaults."""
        given = next((dict(step) for step in self.cfg.get('pipeline', ())
                      if str(step.get('type')).split('.')[-1] == 'LoadAudio'),
                     {})
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
        view.survey = survey = survey_clips(dataset)
        view.lists = list(_list_rows(dataset))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [
            view.problem(
                str(view.cfg.get('data_root')), 'data_set',
                f'{type(error).__name__}: {error}')
        ]
    view.readable, view.clips = True, survey.clips
    if sample is not None and sample < len(view.clips):
        chosen = np.random.default_rng(0).choice(
            len(view.clips), sample, replace=False)
        view.clips = [view.clips[i] for i in sorted(chosen)]
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


def collect_files(views: Iterable[View],
                  fingerprints: bool) -> Dict[str, FileTask]:
    """Each file once, by path, with all its users."""
    tasks: Dict[str, FileTask] = {}
    for view in views:
        for new, clip in _tasks(view, fingerprints):
            task = tasks.setdefault(new.path, new)
            task.seconds = max(task.seconds, new.seconds)
            task.loaders.update(dict.fromkeys(view.loaders))
            task.groups.add(clip.get('group', clip['sample_id']))
    return tasks
