"""All checks of the data sets of a config, and their report."""
from typing import Any, Dict, Iterable, Mapping, Optional, Tuple

from mmengine.config import ConfigDict

from fnac_mm.utils.process_map import process_map
from fnac_mm.utils.progress import track
from fnac_mm.version import __version__
from . import cross_checks, fingerprint, media_checks
from .inventory import View, collect_files, find_views, open_view
from .probe import FileFacts, FileTask, probe_file
from .problems import Problem


def _probe_files(tasks: Mapping[str, FileTask], workers: int,
                 facts: Dict[str, FileFacts]) -> None:
    """Open all files; what was found is left after Ctrl-C."""
    crashed = FileFacts([('unreadable', 'the decoder takes its process down')])
    for task, found in track(
            process_map(probe_file, tasks.values(), workers), len(tasks),
            'files'):
        facts[task.path] = crashed if found is None else found


def _thresholds() -> Dict[str, float]:
    """Numbers that the checks depend on."""
    names = ('SILENCE_LEVEL', 'BLACK_LEVEL', 'CONSTANT_RANGE', 'STILL_CHANGE',
             'MAX_IMAGE_BITS', 'MAX_AUDIO_ERROR', 'MAX_SHIFT')
    known = {**vars(media_checks), **vars(fingerprint)}
    return {name.lower(): known[name] for name in names}


def _view_row(view: View, facts: Mapping[str, FileFacts]) -> Dict[str, Any]:
    """A data set in the report."""
    survey = view.survey
    return dict(
        loaders=view.loaders,
        type=str(view.cfg.type),
        name=view.name,
        readable=view.readable,
        n_listed=survey.n_listed,
        n_excluded=survey.n_excluded,
        n_wanted=len(survey.ids),
        n_complete=len(survey.clips),
        n_opened=len(view.clips),
        n_unlisted=survey.n_unlisted,
        sample_rates=cross_checks.count_rates(view, facts),
        lists=view.lists)


def verify(data_sets: Iterable[Tuple[str, ConfigDict]],
           workers: int,
           sample: Optional[int] = None,
           duplicates: bool = False) -> Dict[str, Any]:
    """Run all checks.

    Args:
        data_sets (Iterable[tuple[str, ConfigDict]]): Dataloaders of a config,
            each with a data set of it.
        workers (int): Processes.
        sample (int, optional): Open the files of this many clips of each data
            set; None (default): of all.
        duplicates (bool): Search near-duplicates too, for which ImageHash is
            needed. Defaults to False.

    Returns:
        dict: The report; ``problems`` are :class:`Problem` objects.

    Raises:
        ModuleNotFoundError: If ImageHash is not installed.
        ValueError: If there is no data set.
    """
    if duplicates:
        fingerprint.require_imagehash()
    views, problems = find_views(data_sets), []
    if not views:
        raise ValueError('no data set in any dataloader')
    for view in views:
        problems += open_view(view, sample)
    problems += cross_checks.leaked_ids(views)
    tasks = collect_files(views, duplicates)
    facts: Dict[str, FileFacts] = {}
    interrupted = False
    try:
        _probe_files(tasks, workers, facts)
        problems += cross_checks.equal_content(tasks, facts)
        problems += cross_checks.still_clips(views, facts)
        problems += cross_checks.mixed_rates(views, facts)
        if duplicates:
            problems += cross_checks.near_duplicates(views, facts)
    except KeyboardInterrupt:
        interrupted = True
    problems += [
        Problem(path, kind, found, tasks[path].label)
        for path, fact in facts.items() for kind, found in fact.problems
    ]
    return dict(
        version=__version__,
        interrupted=interrupted,
        near_duplicates_searched=duplicates and not interrupted,
        n_files=len(tasks),
        n_files_opened=len(facts),
        thresholds=_thresholds(),
        data_sets=[_view_row(view, facts) for view in views],
        problems=problems)
