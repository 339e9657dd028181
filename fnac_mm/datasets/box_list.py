"""Lists of samples in SSL-Alignment's json: a box or a mask each."""
import re
from pathlib import Path, PurePosixPath
from typing import Any, Dict, Union

from .boxes import as_boxes, check_box, pixel_fraction
from .text_files import brief, check_id, read_json_list

# Side of the frame in which the boxes are given.
FRAME_SIZE = 224
# Frames of AVSBench MS3 are named <video>.mp4_<n>.png.
_VIDEO_SUFFIX = re.compile(r'\.mp4(?=_\d+$)')

Entries = Dict[str, Dict[str, Any]]


def _read_entries(path: Union[str, Path], kind: type, what: str,
                  other: str) -> Entries:
    """``image``, ``audio`` and raw ``gt_box`` of each id, checked."""
    samples: Entries = {}
    for number, entry in enumerate(read_json_list(path)):
        where = f'{path}, entry {number}'
        if not (isinstance(entry, dict) and all(
                isinstance(entry.get(key), str)
                and PurePosixPath(entry[key]).stem
                for key in ('image', 'audio')) and 'gt_box' in entry):
            raise ValueError(f"{where}: expected {{'image': path, 'audio': "
                             f"path, 'gt_box': {what}}}, got "
                             f'{brief(entry)}')
        if not isinstance(entry['gt_box'], kind):
            raise ValueError(f'{where}: gt_box is not {what} but '
                             f'{brief(entry["gt_box"])}; {other}')
        stem = PurePosixPath(entry['image']).stem
        sample_id = check_id(_VIDEO_SUFFIX.sub('', stem), where)
        if sample_id in samples:
            raise ValueError(f'{where}: {brief(sample_id)} is annotated twice')
        samples[sample_id] = {
            key: entry[key]
            for key in ('image', 'audio', 'gt_box')
        }
    return samples


def read_box_list(path: Union[str, Path], strict: bool = True) -> Entries:
    """Read a list of boxes of SSL-Alignment (``*_box.json, *_bbox.json``).

    A list of ``{"image": path, "audio": path, "gt_box": [x0, y0, x1, y1]}``
    in pixels of a 224 x 224 frame, one box a sample; ``[0, 0, 0, 0]`` says
    that nothing in the frame sounds. The paths are those of the authors'
    disk: only their last components mean something elsewhere.

    Args:
        path (str | Path): The json file.
        strict (bool): See :func:`~fnac_mm.datasets.boxes.check_box`.

    Returns:
        dict[str, dict]: In the order of the file, by id (name of the frame
        without its suffix and without MS3's ``.mp4``): ``image`` and
        ``audio`` (paths as published) and ``gt_boxes`` ((1, 4) or (0, 4)
        float64), see :func:`~fnac_mm.datasets.boxes.pixel_fraction`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed or lists masks; names the file
            and the place.
    """
    samples = _read_entries(path, list, 'a box [x0, y0, x1, y1]',
                            'of the two lists this needs the one of boxes')
    for number, (sample_id, sample) in enumerate(samples.items()):
        where = (f'{path}, entry {number}, {brief(sample_id)}, '
                 f'in {FRAME_SIZE}ths')
        # Numbers first: nothing else can be converted.
        pixels = check_box(sample.pop('gt_box'), where, strict=False)
        box = [pixel_fraction(value, FRAME_SIZE) for value in pixels]
        check_box(box, where, strict)
        sample['gt_boxes'] = as_boxes([box] if any(pixels) else [])
    return samples


def read_mask_list(path: Union[str, Path]) -> Entries:
    """Read a list of masks of SSL-Alignment (``*_seg.json``).

    As :func:`read_box_list`, but ``gt_box`` is the path of a mask. The
    number ``offset`` beside it is not used.

    Args:
        path (str | Path): The json file.

    Returns:
        dict[str, dict]: ``image``, ``audio`` and ``mask`` (paths as
        published) of each id, in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed, lists boxes, or a mask has
            another name than its frame; names the file and the place.
    """
    samples = _read_entries(path, str, 'the path of a mask',
                            'of the two lists this needs the one of masks')
    for sample_id, sample in samples.items():
        sample['mask'] = sample.pop('gt_box')
        if PurePosixPath(sample['mask']).stem != sample_id:
            raise ValueError(
                f'{path}: the mask of {brief(sample_id)} is '
                f'{brief(sample["mask"])}, which has another name')
    return samples


def read_annotation_list(path: Union[str, Path],
                         strict: bool = True) -> Entries:
    """Read a list of boxes or of masks, whichever the file is.

    Args:
        path (str | Path): The json file.
        strict (bool): See :func:`read_box_list`.

    Returns:
        dict[str, dict]: As of :func:`read_box_list` or
        :func:`read_mask_list`; the first entry decides.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed; names the file and the place.
    """
    first = read_json_list(path)[0]
    if isinstance(first, dict) and isinstance(first.get('gt_box'), str):
        return read_mask_list(path)
    return read_box_list(path, strict)
