"""What a data set lists, and what of it is there, without an exception."""
from dataclasses import dataclass
from typing import Dict, List

from fnac_mm.datasets import AVLocalizationDataset
from fnac_mm.datasets.id_lists import read_exclusions


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
