"""Synthetic pairs of images and sounds: IS3 and VPO."""
from collections import defaultdict
from pathlib import PurePosixPath
from typing import Any, Dict, Mapping, Optional, Set

from fnac_mm.registry import DATASETS
from .av_localization_dataset import AVLocalizationDataset
from .box_list import read_annotation_list
from .boxes import report_boxes
from .text_files import brief

# The masks are JPEG: grey fringes surround what is black and what is white.
_MASK_THRESHOLD = 127


class _ListedPairs(AVLocalizationDataset):
    """Test sets with a list of SSL-Alignment; media are called as the id.

    ``group`` is the id without its last token: the image, which its sounds
    share.

    Args:
        ann_file (str): ``*_bbox.json`` (samples have ``gt_boxes``) or
            ``*_seg.json`` (needs ``mask_path``), see
            :func:`~fnac_mm.datasets.box_list.read_annotation_list`.
        data_prefix (dict, optional): Folders ``img_path``, ``audio_path``
            and, to use masks, ``mask_path``. None (default): SSL-Alignment's
            tree, without masks. A mask that is not there is a missing file.
        **kwargs: Arguments of :class:`AVLocalizationDataset` but
            ``list_file``.
    """

    def __init__(self,
                 ann_file: str,
                 data_prefix: Optional[Mapping[str, str]] = None,
                 **kwargs: Any) -> None:
        self._refuse_list_file(kwargs, 'ann_file')
        super().__init__(
            ann_file=ann_file,
            data_prefix=data_prefix
            or dict(img_path='visual_frames', audio_path='audio_wav'),
            **kwargs)

    def read_samples(self) -> Dict[str, dict]:
        """Fields of each listed id.

        Raises:
            ValueError: If the list is malformed, frame and sound have
                different names, or it lists masks but ``mask_path`` is not
                given.
        """
        entries = read_annotation_list(self.ann_file, self.strict_boxes)
        samples: Dict[str, dict] = {}
        for sample_id, entry in entries.items():
            if PurePosixPath(entry['audio']).stem != sample_id:
                raise ValueError(
                    f'{self.ann_file}, {brief(sample_id)}: the '
                    f'sound {brief(entry["audio"])} has another name')
            if 'mask' in entry and 'mask_path' not in self.data_prefix:
                raise ValueError(f'{self.ann_file} lists masks; give their '
                                 "folder as data_prefix['mask_path']")
            fields = samples[sample_id] = dict(
                group=sample_id.rpartition('_')[0])
            if 'gt_boxes' in entry:
                fields['gt_boxes'] = entry['gt_boxes']
            if 'mask_path' in self.data_prefix:
                fields['mask_threshold'] = _MASK_THRESHOLD
        boxed = {i: s for i, s in samples.items() if 'gt_boxes' in s}
        if boxed:
            self._metainfo['box_faults'] = report_boxes(boxed, self.ann_file)
        return samples


@DATASETS.register_module()
class IS3(_ListedPairs):
    """IS3: 3,240 synthetic images of two objects, each heard in turn.

    The folder, and the one of the release::

        data/is3/                          data/IS3/
        ├── synthetic3240_bbox.json        ├── ...
        ├── visual_frames/<id>.jpg         ├── images/<id>.jpg
        ├── audio_wav/<id>.wav             ├── audio_wav/<id>.wav
        └── gt_masks/<id>.jpg              └── gt_segmentation/<id>.jpg

    ``<id>`` is ``<image>_<class>``: ``class_name`` is the last token,
    ``group`` the image, exactly, and ``image_classes`` the classes of all
    listed samples of the image. The image's own name spells some classes in
    another way. Arguments are those of :class:`_ListedPairs`.
    """

    METAINFO: dict = dict(
        dataset_name='is3', combine='union', consensus=2, group_key='image')

    def read_samples(self) -> Dict[str, dict]:
        """Fields of each listed id, see the parent, and its classes.

        Raises:
            ValueError: If an id is not ``<image>_<class>``.
        """
        samples = super().read_samples()
        classes: Dict[str, Set[str]] = defaultdict(set)
        for sample_id, fields in samples.items():
            fields['class_name'] = sample_id.rpartition('_')[2]
            if not fields['group'] or not fields['class_name']:
                raise ValueError(f'{self.ann_file}: {brief(sample_id)} is not '
                                 '<image>_<class>')
            classes[fields['group']].add(fields['class_name'])
        for fields in samples.values():
            fields['image_classes'] = sorted(classes[fields['group']])
        return samples


@DATASETS.register_module()
class VPO(_ListedPairs):
    """VPO: pictures of COCO with sounds of their objects.

    The folder, ``COCO_AV`` for one source and ``COCO_AV_MS`` for several::

        data/vpo/COCO_AV/
        ├── vpo_ss_bbox.json
        ├── visual_frames/<image>_<annotation>.jpg
        ├── audio_wav/<image>_<annotation>.wav
        └── gray_masks/<image>_<annotation>.jpg

    Args:
        variant (str): ``'ss'`` (890 samples, each of another image: no
            groups) or ``'ms'`` (2,157 samples of 1,432 images, which are the
            groups; 759 groups have one member).
        **kwargs: Arguments of :class:`_ListedPairs`.
    """

    METAINFO: dict = dict(dataset_name='vpo', combine='union', consensus=2)

    def __init__(self, variant: str, **kwargs: Any) -> None:
        if variant not in ('ss', 'ms'):
            raise ValueError(f"variant must be 'ss' or 'ms', got {variant!r}")
        self.variant = variant
        super().__init__(**kwargs)

    def read_samples(self) -> Dict[str, dict]:
        """Fields of each listed id, see the parent."""
        samples = super().read_samples()
        self._metainfo['dataset_name'] = f'vpo_{self.variant}'
        if self.variant == 'ms':
            self._metainfo['group_key'] = 'image'
        else:
            for fields in samples.values():
                del fields['group']
        return samples
