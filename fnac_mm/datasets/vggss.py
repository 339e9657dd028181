"""VGG-SS: clips of VGG-Sound with boxes."""
from pathlib import Path
from typing import Any, Collection, Dict, Optional, Union

from fnac_mm.registry import DATASETS
from .av_localization_dataset import AVLocalizationDataset
from .boxes import as_boxes, check_box, report_boxes
from .text_files import brief, check_id, read_json_list, shorten


def _check_entry(entry: Any, where: str) -> None:
    """ValueError unless it has an id, a list of boxes and perhaps a class."""
    if not (isinstance(entry, dict) and isinstance(entry.get('file'), str)
            and isinstance(entry.get('bbox'), list)
            and isinstance(entry.get('class', ''), str)):
        raise ValueError(f"{where}: expected {{'file': str, 'class': str, "
                         f"'bbox': list}}, got {brief(entry)}")


def read_vggss(path: Union[str, Path],
               strict: bool = True) -> Dict[str, Dict[str, Any]]:
    """Read an annotation file in the format of VGG-SS.

    A list of ``{"file": id, "class": name, "bbox": [[x0, y0, x1, y1]]}``
    with fractions of the picture.

    Args:
        path (str | Path): The json file.
        strict (bool): See :func:`~fnac_mm.datasets.boxes.check_box`.

    Returns:
        dict[str, dict]: ``gt_boxes`` ((N, 4) float64) and, where known,
        ``class_name`` of each id, in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed; names the file and the place.
    """
    samples: Dict[str, Dict[str, Any]] = {}
    for number, entry in enumerate(read_json_list(path)):
        where = f'{path}, entry {number}'
        _check_entry(entry, where)
        sample_id = check_id(entry['file'], where)
        if sample_id in samples:
            raise ValueError(f'{where}: {brief(sample_id)} is annotated twice')
        where = f'{where}, {brief(sample_id)}'
        boxes = [check_box(box, where, strict) for box in entry['bbox']]
        samples[sample_id] = dict(gt_boxes=as_boxes(boxes))
        if 'class' in entry:
            samples[sample_id]['class_name'] = entry['class']
    return samples


@DATASETS.register_module()
class VGGSS(AVLocalizationDataset):
    """VGG-SS and its heard and unheard subsets, and whatever has its format.

    The folder::

        data/vggsound/
        ├── frames/AbCdEfGhIjK_000030.jpg | .png
        ├── audio/AbCdEfGhIjK_000030.wav
        └── metadata/vggss.json, vggss_test.csv, vggss_heard_test.csv ...

    The target is the union of the boxes. Boxes are kept as published, also
    the 12 of the published file with a lost coordinate and the 6 of zero
    area; they are logged and counted in ``metainfo['box_faults']``.

    Args:
        ann_file (str): The json file, see :func:`read_vggss`. Without
            ``list_file`` all its ids are listed.
        **kwargs: Arguments of :class:`AVLocalizationDataset`.
    """

    METAINFO: dict = dict(dataset_name='vggss', combine='union', consensus=2)

    def __init__(self, ann_file: str, **kwargs: Any) -> None:
        super().__init__(ann_file=ann_file, **kwargs)

    def read_annotations(self,
                         ids: Optional[Collection[str]]) -> Dict[str, dict]:
        """Boxes and classes of the wanted ids.

        Raises:
            ValueError: If a listed id has no annotation.
        """
        samples = read_vggss(self.ann_file, self.strict_boxes)
        if ids is not None:
            unknown = [i for i in ids if i not in samples]
            if unknown:
                raise ValueError(
                    f'{self.list_file}: {len(unknown)} listed id(s) have no '
                    f'annotation in {self.ann_file}: {shorten(unknown)}')
            samples = {i: samples[i] for i in ids}
        self._metainfo['box_faults'] = report_boxes(samples, self.ann_file)
        return samples
