"""AVSBench, single source (S4) and multiple sources (MS3)."""
from pathlib import PurePosixPath
from typing import (Any, Collection, Dict, Mapping, NamedTuple, Optional,
                    Sequence, Tuple)

from fnac_mm.registry import DATASETS
from .av_localization_dataset import AVLocalizationDataset
from .box_list import read_annotation_list
from .text_files import brief, check_id, read_table

# Frames of a clip, one a second.
NUM_FRAMES = 5


class _Clip(NamedTuple):
    """A clip; ``category`` is '' in MS3."""
    name: str
    split: str
    category: str


_FrameTable = Dict[str, Tuple[_Clip, int, Dict[str, Any]]]


class _AVSBench(AVLocalizationDataset):
    """Frames of AVSBench, each with the sound of its whole clip.

    ``sample_id`` is ``<video>_<n>``, n = 1 to 5; ``group`` is the video.

    Args:
        ann_file (str): The published ``.csv``, or a ``.json`` of
            SSL-Alignment, see :func:`~fnac_mm.datasets.box_list.
            read_annotation_list`, whose samples also have ``gt_boxes``.
        split (str): ``'train'``, ``'val'`` or ``'test'``. Defaults to
            'test'.
        frames (str): ``'all'`` (5 samples a clip) or ``'first'``. Defaults to
            'all'.
        data_prefix (dict, optional): Folders ``img_path``, ``audio_path``
            and, to use masks, ``mask_path``. None (default): those of the
            published tree; masks in tests only. A mask that is not there is
            a missing file.
        test_mode (bool): Defaults to False.
        **kwargs: Arguments of :class:`AVLocalizationDataset` but
            ``list_file``.
    """

    COLUMNS: Sequence[str] = ('name', 'split')
    FOLDER = ''
    # Files of a frame below their folders, without suffix.
    STEMS: Mapping[str, str] = {}

    def __init__(self,
                 ann_file: str,
                 split: str = 'test',
                 frames: str = 'all',
                 data_prefix: Optional[Mapping[str, str]] = None,
                 test_mode: bool = False,
                 **kwargs: Any) -> None:
        self._refuse_list_file(kwargs, 'ann_file and split')
        if frames not in ('all', 'first'):
            raise ValueError(
                f"frames must be 'all' or 'first', got {frames!r}")
        self.split = split
        self.frames = frames
        if data_prefix is None:
            data_prefix = dict(
                img_path=f'{self.FOLDER}/visual_frames',
                audio_path=f'{self.FOLDER}/audio_wav')
            if test_mode:
                data_prefix['mask_path'] = f'{self.FOLDER}/gt_masks'
        self._table: _FrameTable = {}
        super().__init__(
            ann_file=ann_file,
            data_prefix=data_prefix,
            test_mode=test_mode,
            **kwargs)

    def _frame_stems(self, clip: _Clip, number: int) -> Dict[str, str]:
        """Where the files of a frame are, below their folders."""
        return {
            kind: stem.format(number=number, **clip._asdict())
            for kind, stem in self.STEMS.items()
        }

    def _read_csv(self) -> _FrameTable:
        """Frames of the published list, all splits."""
        clips: Dict[str, _Clip] = {}
        for number, row in enumerate(
                read_table(self.ann_file, self.COLUMNS), start=2):
            where = f'{self.ann_file}, line {number}'
            for column in self.COLUMNS:
                check_id(row[column], where)
            if row['name'] in clips:
                raise ValueError(
                    f'{where}: {brief(row["name"])} is listed twice')
            category = row['category'] if 'category' in self.COLUMNS else ''
            clips[row['name']] = _Clip(row['name'], row['split'], category)
        return {
            f'{clip.name}_{number}': (clip, number, {})
            for clip in clips.values()
            for number in range(1, NUM_FRAMES + 1)
        }

    def _read_json(self) -> _FrameTable:
        """Frames of a list of SSL-Alignment, with boxes if it has any."""
        frames: _FrameTable = {}
        entries = read_annotation_list(self.ann_file, self.strict_boxes)
        for sample_id, entry in entries.items():
            clip, number = self._clip_of(sample_id, entry)
            frames[sample_id] = clip, number, {
                key: entry[key]
                for key in ('gt_boxes', ) if key in entry
            }
        return frames

    def _clip_of(self, sample_id: str,
                 entry: Mapping[str, Any]) -> Tuple[_Clip, int]:
        """Clip and number of a .json's entry; its paths must fit the tree."""
        name, _, number = sample_id.rpartition('_')
        *_, split, last = ('', '', *PurePosixPath(entry['audio']).parts[:-1])
        clip = _Clip(name, split, last) if 'category' in self.COLUMNS else \
            _Clip(name, last, '')
        if number in map(str, range(1, NUM_FRAMES + 1)):
            stems = self._frame_stems(clip, int(number))
            ends = dict(image=stems['img_path'], audio=stems['audio_path'])
            if all(f'/{PurePosixPath(entry[key]).with_suffix("")}'.endswith(
                    f'/{end}') for key, end in ends.items()):
                return clip, int(number)
        image, audio = brief(entry['image']), brief(entry['audio'])
        raise ValueError(
            f'{self.ann_file}, {brief(sample_id)}: image {image} and audio '
            f'{audio} are not in the tree of {type(self).__name__}')

    def read_samples(self) -> Dict[str, dict]:
        """Fields of each frame of the split.

        Raises:
            ValueError: If the list is malformed or has no such split.
        """
        everything = self._read_json() if self.ann_file.endswith(
            '.json') else self._read_csv()
        splits = {clip.split for clip, *_ in everything.values()}
        if self.split not in splits:
            raise ValueError(f'{self.ann_file}: no clip of split='
                             f'{self.split!r}; it holds {sorted(splits)}')
        self._table = {
            i: frame
            for i, frame in everything.items()
            if frame[0].split == self.split and (
                self.frames == 'all' or frame[1] == 1)
        }
        samples: Dict[str, dict] = {}
        for sample_id, (clip, _, fields) in self._table.items():
            samples[sample_id] = dict(group=clip.name, **fields)
            if clip.category:
                samples[sample_id]['class_name'] = clip.category
            if 'mask_path' in self.data_prefix:
                # 1-bit or palette: whatever is not 0 is foreground.
                samples[sample_id]['mask_threshold'] = 0
        return samples

    def stems(self, ids: Collection[str]) -> Mapping[str, dict]:
        """Where the files of each frame are; see the base class."""
        return {i: self._frame_stems(*self._table[i][:2]) for i in ids}


@DATASETS.register_module()
class AVSBenchS4(_AVSBench):
    """AVSBench S4: one source, 23 categories, 3,452 / 740 / 740 clips.

    The folder::

        data/avsbench/Single-source/
        ├── s4_meta_data.csv                 name,start_time,category,split
        └── s4_data/
            ├── visual_frames/<split>/<category>/<video>/<video>_<n>.png
            ├── audio_wav/<split>/<category>/<video>.wav
            └── gt_masks/<split>/<category>/<video>/<video>_<n>.png

    Clips for training have a mask of their first frame only. Arguments are
    those of :class:`_AVSBench`.
    """

    METAINFO: dict = dict(
        dataset_name='avsbench_s4',
        combine='union',
        consensus=2,
        group_key='video')
    COLUMNS = ('name', 'category', 'split')
    FOLDER = 's4_data'
    STEMS = dict(
        img_path='{split}/{category}/{name}/{name}_{number}',
        audio_path='{split}/{category}/{name}',
        mask_path='{split}/{category}/{name}/{name}_{number}')


@DATASETS.register_module()
class AVSBenchMS3(_AVSBench):
    """AVSBench MS3: several sources, no categories, 64 clips for testing.

    The folder::

        data/avsbench/Multi-sources/
        ├── ms3_meta_data.csv                name,split
        └── ms3_data/
            ├── visual_frames/<video>/<video>.mp4_<n>.png
            ├── audio_wav/<split>/<video>.wav
            └── gt_masks/<split>/<video>/<video>_<n>.png

    Arguments are those of :class:`_AVSBench`.
    """

    METAINFO: dict = dict(
        dataset_name='avsbench_ms3',
        combine='union',
        consensus=2,
        group_key='video')
    FOLDER = 'ms3_data'
    STEMS = dict(
        img_path='{name}/{name}.mp4_{number}',
        audio_path='{split}/{name}',
        mask_path='{split}/{name}/{name}_{number}')
