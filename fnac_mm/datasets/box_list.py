"""Lists of samples in SSL-Alignment's json: a box or a mask each."""
import re
from pathlib import PurePosixPath
from typing import Any, Dict, Optional

from .boxes import as_boxes, check_box, pixel_fraction
from .text_files import PathLike, brief, check_id, read_json_list

# Side of the frame in which the boxes are given.
FRAME_SIZE = 224
# Frames of AVSBench MS3 are named <video>.mp4_<n>.png.
_VIDEO_SUFFIX = re.compile(r'\.mp4(?=_\d+$)')
# What gt_box is: its type, and its words.
_KINDS = dict(
    boxes=(list, 'a box [x0, y0, x1, y1]'), masks=(str, 'the path of a mask'))


def read_annotation_list(path: PathLike,
                         strict: bool = True,
                         kind: Optional[str] = None) -> Dict[str, dict]:
    """Read a list of SSL-Alignment: of boxes, or of masks.

    A list of ``{"image": path, "audio": path, "gt_box": what}``. In
    ``*_box.json, *_bbox.json`` that is ``[x0, y0, x1, y1]`` in pixels of a
    224 x 224 frame, one box a sample; ``[0, 0, 0, 0]`` says that nothing in
    the frame sounds. In ``*_seg.json`` it is the path of a mask; the number
    ``offset`` beside it is not used. The paths are those of the authors'
    disk: only their last components mean something elsewhere.

    Args:
        path (str | Path): The json file.
        strict (bool): See :func:`~fnac_mm.datasets.boxes.check_box`.
        kind (str, optional): ``'boxes'`` or ``'masks'``. None (default): the
            first entry decides.

    Returns:
        dict[str, dict]: In the order of the file, by id (name of the frame
        without its suffix and without MS3's ``.mp4``): ``image`` and
        ``audio`` (paths as published) and ``mask`` (likewise) or
        ``gt_boxes`` ((1, 4) or (0, 4) float64), see
        :func:`~fnac_mm.datasets.boxes.pixel_fraction`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed or of the other kind, or a mask
            has another name than its frame; names the file and the place.
    """
    entries = read_json_list(path)
    if kind is None:
        first = entries[0]
        kind = 'masks' if isinstance(first, dict) and isinstance(
            first.get('gt_box'), str) else 'boxes'
    type_, what = _KINDS[kind]
    samples: Dict[str, Dict[str, Any]] = {}
    for number, entry in enumerate(entries):
        where = f'{path}, entry {number}'
        if not (isinstance(entry, dict) and all(
                isinstance(entry.get(key), str)
                and PurePosixPath(entry[key]).stem
                for key in ('image', 'audio')) and 'gt_box' in entry):
            raise ValueError(f"{where}: expected {{'image': path, 'audio': "
                             f"path, 'gt_box': {what}}}, got "
                             f'{brief(entry)}')
        value = entry['gt_box']
        if not isinstance(value, type_):
            raise ValueError(f'{where}: gt_box is not {what} but '
                             f'{brief(value)}; of the two lists this needs '
                             f'the one of {kind}')
        stem = PurePosixPath(entry['image']).stem
        sample_id = check_id(_VIDEO_SUFFIX.sub('', stem), where)
        if sample_id in samples:
            raise ValueError(f'{where}: {brief(sample_id)} is annotated twice')
        samples[sample_id] = {key: entry[key] for key in ('image', 'audio')}
        if kind == 'boxes':
            where = f'{where}, {brief(sample_id)}, in {FRAME_SIZE}ths'
            samples[sample_id]['gt_boxes'] = _read_box(value, where, strict)
        elif PurePosixPath(value).stem == sample_id:
            samples[sample_id]['mask'] = value
        else:
            raise ValueError(f'{path}: the mask of {brief(sample_id)} is '
                             f'{brief(value)}, which has another name')
    return samples


def _read_box(box: list, where: str, strict: bool) -> Any:
    # Numbers first: nothing else can be converted.
    pixels = check_box(box, where, strict=False)
    fractions = [pixel_fraction(value, FRAME_SIZE) for value in pixels]
    check_box(fractions, where, strict)
    return as_boxes([fractions] if any(pixels) else [])
