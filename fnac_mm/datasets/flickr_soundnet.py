"""Flickr-SoundNet: training clips, and test clips with three annotators."""
import os
import re
from pathlib import Path
from typing import Any, Collection, Dict, List, Optional, Union
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException, ElementTree

from fnac_mm.registry import DATASETS
from .av_localization_dataset import AVLocalizationDataset
from .boxes import as_boxes, check_box, report_boxes
from .text_files import brief

# Side of the frame in which the annotators drew.
FRAME_SIZE = 256
_NAMES = ('xmin', 'ymin', 'xmax', 'ymax')
# What int() takes is more: 1_0, other scripts, a number of 4,000 digits.
_PIXELS = re.compile(r'\s*[+-]?[0-9]{1,9}\s*')


def _box_texts(box: Element) -> List[Optional[str]]:
    """The four coordinates, by name or, as published, after the first."""
    named = {child.tag: child.text for child in box}
    if all(name in named for name in _NAMES):
        return [named[name] for name in _NAMES]
    return [child.text for child in box][1:]


def read_flickr_boxes(path: Union[str, Path],
                      strict: bool = True) -> np.ndarray:
    """Read the boxes of one clip, one for each annotator.

    The file is read by position: grandchildren of the root with the tag
    ``bbox``; in each the first child is skipped and four integers follow,
    in pixels of a 256 x 256 frame. Children named ``xmin``, ``ymin``,
    ``xmax`` and ``ymax`` are taken by name. Other grandchildren are skipped.

    Args:
        path (str | Path): The xml file.
        strict (bool): See :func:`~fnac_mm.datasets.boxes.check_box`.

    Returns:
        np.ndarray: (N, 4) float64, xyxy as fractions, pixels / 256.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed, declares entities or holds no
            box; names the file.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}: no such annotation file')
    try:
        root = ElementTree.parse(path).getroot()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise ValueError(
            f'{path}: not acceptable XML: {brief(error)}') from error
    boxes = []
    for box in (item for child in root for item in child):
        if box.tag != 'bbox':
            continue
        texts = _box_texts(box)
        if not all(_PIXELS.fullmatch(text or '') for text in texts):
            raise ValueError(f'{path}: bbox {brief(texts)} holds something '
                             'that is not an integer of pixels')
        values = [int(text or '') / FRAME_SIZE for text in texts]
        boxes.append(check_box(values, str(path), strict))
    if not boxes:
        raise ValueError(f'{path}: no <bbox> two levels below the root '
                         f'<{root.tag:.80}>')
    return as_boxes(boxes)


@DATASETS.register_module()
class FlickrSoundNet(AVLocalizationDataset):
    """Flickr-SoundNet, for training and, with ``ann_dir``, for testing.

    The folder, and the published variant with everything in one folder::

        data/flickr/                      data/flickr/
        ├── frames/1000000001.jpg         ├── clips/1000000001.jpg
        ├── audio/1000000001.wav          ├── clips/1000000001.wav
        ├── Annotations/1000000001.xml    ├── Annotations/...
        └── metadata/flickr_test.csv      └── metadata/...

    For the second, ``data_prefix=dict(img_path='clips', audio_path='clips')``.

    A pixel of the target is the number of boxes that hold it over
    ``consensus`` = 2, at most 1. The class column of ``flickr_test.csv`` is
    an index into a list that was not published.

    Args:
        ann_dir (str, optional): Folder of ``<id>.xml``, see
            :func:`read_flickr_boxes`. Only the files of listed ids are
            read. Needed in tests. Defaults to None.
        **kwargs: Arguments of :class:`AVLocalizationDataset`.
    """

    METAINFO: dict = dict(
        dataset_name='flickr_soundnet', combine='consensus', consensus=2)
    FILE_ARGUMENTS = ('ann_dir', )

    def __init__(self, ann_dir: Optional[str] = None, **kwargs: Any) -> None:
        self.ann_dir = ann_dir
        super().__init__(**kwargs)

    def read_annotations(
            self, ids: Optional[Collection[str]]) -> Optional[Dict[str, dict]]:
        """Boxes of the wanted ids.

        Raises:
            FileNotFoundError: If a listed id has no file.
            ValueError: If ``ann_dir`` is not given in a test.
        """
        if self.ann_dir is None:
            if self.test_mode:
                raise ValueError('FlickrSoundNet needs ann_dir, the folder '
                                 'of <id>.xml, when test_mode=True')
            return super().read_annotations(ids)
        folder = self._path(self.ann_dir)
        if ids is None:
            ids = [p.stem for p in Path(folder).glob('*.xml')]
        samples = {
            i:
            dict(
                gt_boxes=read_flickr_boxes(
                    os.path.join(folder, f'{i}.xml'), self.strict_boxes))
            for i in ids
        }
        self._metainfo['box_faults'] = report_boxes(samples, folder)
        return samples
