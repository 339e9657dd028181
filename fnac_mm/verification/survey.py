"""What a data set lists, and what of it is there, without an exception."""
from dataclasses import dataclass
from typing import Dict, List, Tuple

from fnac_mm.datasets import AVLocalizationDataset, read_id_list


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
    n_listed: int
    n_excluded: int
    ids: List[str]
    clips: List[dict]
    missing: Dict[str, Dict[str, str]]
    n_unlisted: int


def survey_clips(dataset: AVLocalizationDataset) -> ClipSurvey:
    """Match lists and folders of a data set, whatever is absent.

    Args:
        dataset (AVLocalizationDataset): Built with ``lazy_init=True``: its
            own initialisation stops at the first fault.

    Returns:
        ClipSurvey: Counts, samples and missing files.

    Raises:
        FileNotFoundError: If a list or folder is absent.
        ValueError: If a list is malformed, or a folder has no file of the
            kind.
    """
    samples, files = dataset._index_clips()
    listed = files.any_ids() if samples is None else samples.keys()
    excluded = {
        sample_id
        for path in dataset.exclude
        for sample_id in read_id_list(dataset._path(path))
    }
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


def list_files(dataset: AVLocalizationDataset) -> List[Tuple[str, str]]:
    """Lists and annotation files that a data set reads.

    Args:
        dataset (AVLocalizationDataset): A data set.

    Returns:
        list[tuple[str, str]]: Argument and path of each.
    """
    named = [('list_file', dataset.list_file)]
    named += [('exclude', path) for path in dataset.exclude]
    named.append(('negative_file', getattr(dataset, 'negative_file', None)))
    found = [(name, dataset._path(path)) for name, path in named if path]
    # The base class has joined this one with the root.
    return found + ([('ann_file',
                      dataset.ann_file)] if dataset.ann_file else [])
