"""Extended test sets: sounding objects, and pairs without any."""
from pathlib import Path
from typing import Any, Collection, Dict, Mapping, Optional, Tuple, Union

from fnac_mm.registry import DATASETS
from .av_localization_dataset import AVLocalizationDataset
from .boxes import as_boxes
from .flickr_soundnet import FlickrSoundNet
from .text_files import brief, check_id, read_table, shorten
from .vggss import VGGSS

_LABEL = 'non-sounding'

Pairs = Dict[str, Tuple[str, str]]


def read_negative_list(path: Union[str, Path]) -> Pairs:
    """Read pairs of a frame and a sound that comes from elsewhere.

    Args:
        path (str | Path): ``*_test_plus_silent.csv`` of SLAVC with the header
            ``video,audio,label``; the label of each row is
            ``non-sounding``.

    Returns:
        dict[str, tuple[str, str]]: Ids of frame and sound by
        ``<video>+<audio>``, in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed, has another label or repeats a
            pair; names file and line.
    """
    pairs: Pairs = {}
    rows = read_table(path, ('video', 'audio', 'label'))
    for number, row in enumerate(rows, start=2):
        where = f'{path}, line {number}'
        if row['label'] != _LABEL:
            raise ValueError(f'{where}: expected the label {_LABEL!r}, got '
                             f'{brief(row["label"])}')
        video, audio = (check_id(row[k], where) for k in ('video', 'audio'))
        pair_id = f'{video}+{audio}'
        if pair_id in pairs:
            raise ValueError(
                f'{where}: the pair {brief(pair_id)} is listed twice')
        pairs[pair_id] = video, audio
    return pairs


class _Extended(AVLocalizationDataset):
    """Adds the pairs of ``negative_file`` to the samples of a test set.

    A negative has no box, which alone makes it one, and
    ``negative_kind``. The order is that of the ids: nothing is shuffled.
    """

    FILE_ARGUMENTS = ('negative_file', )

    def __init__(self, negative_file: str, **kwargs: Any) -> None:
        self.negative_file = negative_file
        self._pairs: Pairs = {}
        super().__init__(**kwargs)

    def read_samples(self) -> Dict[str, dict]:
        """Fields of positives and negatives.

        Raises:
            ValueError: If a positive has no box: it would count as negative.
        """
        samples: Dict[str, dict] = super().read_samples() or {}
        bare = [
            i for i, s in samples.items() if not len(s.get('gt_boxes', ()))
        ]
        if bare or not samples:
            raise ValueError(
                f'{type(self).__name__} needs a box for each positive; '
                f'{len(bare)} of {len(samples)} have none: {shorten(bare)}')
        self._pairs = read_negative_list(self._path(self.negative_file))
        counts = dict(positive=len(samples), mismatched=0, not_visible=0)
        for pair_id, (video, audio) in self._pairs.items():
            # Its own sound, but the source is out of sight; or another's.
            kind = 'not_visible' if video == audio else 'mismatched'
            counts[kind] += 1
            samples[pair_id] = dict(gt_boxes=as_boxes([]), negative_kind=kind)
        self._metainfo['n_listed_by_kind'] = counts
        return samples

    def stems(self, ids: Collection[str]) -> Optional[Mapping[str, dict]]:
        """Frame and sound of each id; see the base class."""
        return {
            i:
            dict(zip(('img_path', 'audio_path'), self._pairs.get(i, (i, i))))
            for i in ids
        }


@DATASETS.register_module()
class ExtendedVGGSS(_Extended, VGGSS):
    """Extended VGG-SS of SLAVC: 5,158 positives and as many negatives.

    4,779 negatives are frames of VGG-SS with the sound of another clip of it,
    379 are clips of their own whose source is not visible. Media of all lie
    in one pair of folders, as for :class:`VGGSS`.

    Args:
        negative_file (str): ``vggss_test_plus_silent.csv``, see
            :func:`read_negative_list`.
        **kwargs: Arguments of :class:`VGGSS`.
    """

    METAINFO: dict = dict(
        dataset_name='extended_vggss', combine='union', consensus=2)


@DATASETS.register_module()
class ExtendedFlickrSoundNet(_Extended, FlickrSoundNet):
    """Extended Flickr-SoundNet of SLAVC: 250 positives, 250 negatives.

    The negatives are the 250 frames with sounds of others of the 250 clips;
    the positives number 249 with the short ``flickr_test.csv`` of FNAC.

    Args:
        negative_file (str): ``flickr_test_plus_silent.csv``, see
            :func:`read_negative_list`.
        **kwargs: Arguments of :class:`FlickrSoundNet`.
    """

    METAINFO: dict = dict(
        dataset_name='extended_flickr_soundnet',
        combine='consensus',
        consensus=2)
