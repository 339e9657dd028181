"""Pairs of a still frame and a recording, in the field's usual layout."""
import contextlib
import os
from typing import (Any, Collection, Dict, List, Mapping, Optional, Sequence,
                    Tuple, Union)

from mmengine.dataset import BaseDataset
from mmengine.dataset.base_dataset import force_full_init
from mmengine.logging import MMLogger

from fnac_mm.registry import DATASETS, TRANSFORMS
from fnac_mm.utils import list_digest
from .clip_files import (ClipFiles, Suffixes, as_suffixes, count_torn_groups,
                         describe_suffixes)
from .fault_ledger import FaultLedger
from .id_lists import read_exclusions, read_id_list
from .sample_seed import SampleSeed
from .text_files import shorten
from .transforms.packed import LoadPacked, open_packed


@DATASETS.register_module()
class AVLocalizationDataset(BaseDataset):
    """Frames with their sound, found by id; base of all data sets here.

    The folder, and Flickr's variant with both prefixes ``''``::

        data_root/                     data_root/
        ├── frames/<id>.jpg | .png     ├── <id>.jpg
        ├── audio/<id>.wav             ├── <id>.wav
        └── my_list.txt                └── ...

    Each folder is listed once; no file is opened here. Samples are sorted by
    id as strings. ``metainfo`` says ``n_listed`` (N), ``n_excluded``,
    ``n_found`` (of the rest) and ``list_sha256`` (of the rest's ids).

    An unreadable file is an error in a test. In training, where the loading
    transforms return None (``on_error='skip'``), the next readable sample
    (index + 1, ...) takes its place, the file is logged once, and the run
    fails when more than ``max_bad_fraction`` of the data set is unreadable.

    After :meth:`set_epoch` all random draws of a training sample are a
    function of (seed, epoch, index), however many workers there are.

    Args:
        data_root (str): Root of all relative paths here. Defaults to ''.
        data_prefix (dict): Folders ``img_path``, ``audio_path`` and, to use
            masks, ``mask_path``. Defaults to
            ``dict(img_path='frames', audio_path='audio')``.
        list_file (str, optional): ``.txt`` (an id a line) or ``.csv`` (id,
            class; no header). None (default) takes all clips that have both
            files.
        ann_file (str): Annotations; subclasses say which. Defaults to ''.
        exclude (str | Sequence[str]): List files whose ids are left out.
            Defaults to ().
        img_suffix (str | Sequence[str]): Where a frame has several, the
            first of these is taken. Defaults to ``('.jpg', '.png')``.
        audio_suffix (str | Sequence[str]): Defaults to ``('.wav', )``.
        mask_suffix (str | Sequence[str]): Defaults to ``('.png', '.jpg')``.
        strict_boxes (bool): Refuse annotated boxes that are inverted or
            outside the frame. Defaults to True.
        allow_missing (bool, optional): Go on without listed clips whose
            files are absent. None (default): in training, not in tests.
        packed (str, optional): Folder of ``pack_dataset.py`` that media are
            read from; lists and annotations are as ever. Defaults to None.
        max_bad_fraction (float): Share of unreadable samples above which
            training fails (one is always accepted unless this is 0).
            Defaults to 0.01.
        dataset_name (str, optional): Name in ``metainfo``, if the class's
            own is not enough. Defaults to None.
        pipeline (Sequence[dict | callable]): Transforms. Defaults to ().
        test_mode (bool): Defaults to False.
        **kwargs: Arguments of :class:`mmengine.dataset.BaseDataset`.

    Raises:
        FileNotFoundError: If a list or folder is absent, or media of a test.
        ValueError: If a list is malformed, no clip is found, or an argument
            is out of range.
    """

    METAINFO: dict = dict(
        dataset_name='av_localization', combine='union', consensus=2)
    # Arguments that name lists and annotations; each subclass names its own.
    FILE_ARGUMENTS: Tuple[str, ...] = ('list_file', 'exclude', 'ann_file')

    def __init__(self,
                 data_root: str = '',
                 data_prefix: Mapping[str, str] = dict(
                     img_path='frames', audio_path='audio'),
                 list_file: Optional[str] = None,
                 ann_file: str = '',
                 exclude: Union[str, Sequence[str]] = (),
                 img_suffix: Suffixes = ('.jpg', '.png'),
                 audio_suffix: Suffixes = ('.wav', ),
                 mask_suffix: Suffixes = ('.png', '.jpg'),
                 strict_boxes: bool = True,
                 allow_missing: Optional[bool] = None,
                 packed: Optional[str] = None,
                 max_bad_fraction: float = 0.01,
                 dataset_name: Optional[str] = None,
                 pipeline: Sequence[Any] = (),
                 test_mode: bool = False,
                 **kwargs: Any) -> None:
        if set(data_prefix) - {'mask_path'} != {'img_path', 'audio_path'}:
            raise ValueError("data_prefix must have the keys 'img_path' and "
                             "'audio_path' and may have 'mask_path', got "
                             f'{sorted(data_prefix)}')
        self.list_file = list_file
        self.strict_boxes = strict_boxes
        self.exclude: List[str] = [exclude] if isinstance(
            exclude, (str, os.PathLike)) else list(exclude)
        self.suffixes = dict(
            img_path=as_suffixes(img_suffix, 'img_suffix'),
            audio_path=as_suffixes(audio_suffix, 'audio_suffix'),
            mask_path=as_suffixes(mask_suffix, 'mask_suffix'))
        self.allow_missing = not test_mode if allow_missing is None \
            else allow_missing
        self.dataset_name = dataset_name
        self._packed: Optional[LoadPacked] = None
        if packed is not None:
            self._packed, pipeline = open_packed(packed, pipeline, data_prefix,
                                                 data_root)
        self._seed = SampleSeed()
        self._faults = FaultLedger(0, max_bad_fraction)
        # Through our registry, so that names resolve without a default scope.
        steps = [
            TRANSFORMS.build(step) if isinstance(step, dict) else step
            for step in pipeline
        ]
        super().__init__(
            ann_file=ann_file,
            data_root=os.fspath(data_root or ''),
            data_prefix=dict(data_prefix),
            pipeline=steps,
            test_mode=test_mode,
            **kwargs)

    def _copy_without_annotation(self, memo: Optional[dict] = None) -> Any:
        # MMEngine's default is one dictionary for all calls: what has the
        # address of an earlier data set would be taken for its copy.
        return super()._copy_without_annotation({} if memo is None else memo)

    def _refuse_list_file(self, kwargs: Mapping, arguments: str) -> None:
        """Where the annotations are the list."""
        if kwargs.get('list_file') is not None:
            raise ValueError(f'{type(self).__name__} takes its list from '
                             f'{arguments}; remove list_file')

    def _path(self, path: str) -> str:
        """A path of the config, relative to ``data_root``."""
        return os.path.join(self.data_root, path)

    def annotation_files(self) -> List[Tuple[str, str]]:
        """Argument and path of each list and annotation that is read."""
        found = []
        for argument in (name for parent in reversed(type(self).__mro__)
                         for name in vars(parent).get('FILE_ARGUMENTS', ())):
            value = getattr(self, argument)
            many = value if isinstance(value, list) else [value]
            # The base class has joined ann_file with the root.
            found += [(argument,
                       path if argument == 'ann_file' else self._path(path))
                      for path in map(os.fspath, many if value else ())]
        return found

    def read_annotations(
            self, ids: Optional[Collection[str]]) -> Optional[Dict[str, dict]]:
        """Fields that are added to the samples; for subclasses.

        Args:
            ids (Collection[str], optional): Ids wanted. None: all annotated.

        Returns:
            dict[str, dict] | None: Fields of each wanted id; without ``ids``
            its keys are what is listed. None: there are no annotations.

        Raises:
            ValueError: If ``ann_file`` was given: nobody here reads it.
        """
        if self.ann_file:
            raise ValueError(f'{type(self).__name__} reads no annotations; '
                             f'remove ann_file={self.ann_file!r} or use '
                             'VGGSS or FlickrSoundNet')
        return None

    def read_samples(self) -> Optional[Dict[str, dict]]:
        """What is listed, and the annotated fields of each; for subclasses.

        Returns:
            dict[str, dict] | None: Fields of each listed id. None: there is
            neither a list nor annotations, whatever is found is listed.
        """
        listed: Optional[Mapping[str, Optional[str]]] = None
        if self.list_file is not None:
            listed = read_id_list(self._path(self.list_file))
        annotations = self.read_annotations(listed)
        if listed is None:
            return annotations
        samples: Dict[str, dict] = {}
        for sample_id, class_name in listed.items():
            samples[sample_id] = {} if class_name is None else dict(
                class_name=class_name)
            if annotations is not None:
                samples[sample_id].update(annotations[sample_id])
        return samples

    def stems(self, ids: Collection[str]) -> Optional[Mapping[str, dict]]:
        """Where the files of each sample are; for subclasses.

        Args:
            ids (Collection[str]): All listed ids.

        Returns:
            dict[str, dict[str, str]] | None: For each id and each key of
            ``data_prefix`` the path below that folder, without suffix.
            None: files are called as the id.
        """
        return None

    def _index_clips(self) -> Tuple[Optional[Dict[str, dict]], ClipFiles]:
        """What :meth:`read_samples` gives, and the files that are there."""
        samples = self.read_samples()
        return samples, ClipFiles(
            self.data_prefix, self.suffixes,
            None if samples is None else self.stems(samples), self._packed
            and self._packed.lister())

    def load_data_list(self) -> List[dict]:
        """Match the listed ids with the files.

        Returns:
            list[dict]: ``sample_id``, ``img_path``, ``audio_path`` and, where
            known, ``mask_path``, ``class_name`` and ``gt_boxes`` ((N, 4)
            float64, raw).
        """
        samples, files = self._index_clips()
        if samples is None:
            samples = {i: {} for i in files.ids()}
        excluded = read_exclusions(map(self._path, self.exclude), samples)
        wanted = sorted(samples.keys() - excluded)
        data_list = files.paths(wanted)
        self._report(len(samples), wanted, len(data_list), files)
        for item in data_list:
            item.update(samples[item['sample_id']])
        if 'group_key' in self._metainfo:
            self._metainfo['n_incomplete_groups'] = count_torn_groups(
                self._metainfo['dataset_name'], samples, data_list)
        self._faults = FaultLedger(len(data_list), self._faults.max_fraction)
        return data_list

    def _report(self, n_listed: int, wanted: List[str], n_found: int,
                files: ClipFiles) -> None:
        """Log and keep n of N; raise if clips are missing and may not be."""
        name = self.dataset_name or self._metainfo['dataset_name']
        n_excluded = n_listed - len(wanted)
        self._metainfo.update(
            dataset_name=name,
            n_listed=n_listed,
            n_found=n_found,
            n_excluded=n_excluded,
            list_sha256=list_digest(wanted))
        source = self.list_file or self.ann_file or 'all clips'
        counts = (f'{name} ({source}): {n_found} found of {n_listed} '
                  f'listed, {n_excluded} excluded')
        logger = MMLogger.get_current_instance()
        logger.info(counts)
        for folder, names in files.left_out().items():
            logger.warning(
                f'{name}: {len(names)} file(s) in {folder} are left out, '
                f'which have none of its suffixes: {describe_suffixes(names)} '
                f'({shorten(names)})')
        if n_found == len(wanted) > 0:
            return
        details = f'{counts}; missing: {files.describe_missing(wanted)}'
        if not n_found:
            kind = FileNotFoundError if wanted else ValueError
            raise kind(f'no clip is left. {details}')
        if not self.allow_missing:
            raise FileNotFoundError(
                f'{details}. A score on a part of the list is not '
                'comparable; to go on with it, set allow_missing=True '
                '(with the tools: --cfg-options '
                'val_dataloader.dataset.allow_missing=True '
                'test_dataloader.dataset.allow_missing=True)')
        logger.warning(details)

    def set_epoch(self, seed: int, epoch: int) -> None:
        """Make the random draws of training a function of these.

        Reaches living workers too. A hook calls it before each epoch.
        """
        self._seed.set(seed, epoch)

    @force_full_init
    def __getitem__(self, idx: int) -> dict:
        """Sample after the pipeline; negative indices are from the end.

        Raises:
            IndexError: If there is no such sample.
            ValueError: In tests, if a transform returned None.
            RuntimeError: In training, if too many samples are unreadable.
        """
        size = len(self)
        if not -size <= idx < size:
            raise IndexError(f'index {idx} of a data set of {size} samples')
        idx %= size
        for step in range(min(size, self.max_refetch + 1)):
            candidate = (idx + step) % size
            info = self.get_data_info(candidate)
            # A replacement draws as the sample that it replaces would have.
            with (contextlib.nullcontext()
                  if self.test_mode else self._seed.seeded(idx)):
                data = self.pipeline(info)
            if data is not None:
                return data
            reason = info.get('load_error') or (
                f'{info["img_path"]}, {info["audio_path"]}: a transform '
                'returned None')
            if self.test_mode:
                raise ValueError(f'{reason}; a test does without no sample')
            self._faults.record(candidate, size, reason,
                                lambda i: self.get_data_info(i)['sample_id'])
        raise RuntimeError(f'no readable sample after index {idx}; the last '
                           f'one: {reason}')
