"""Checks of annotated boxes: ``(x0, y0, x1, y1)`` as fractions."""
import math
from typing import Any, Dict, List, Mapping, Sequence

from mmengine.logging import MMLogger

from .media_index import shorten
from .text_files import brief

# A coordinate of the published vggss.json that was lost before publication:
# the smallest 64-bit integer over the width of the frame. The published
# evaluation clips it to 0, which leaves the box without area.
_LOST = -2**63 / 320
# Fractions were computed in floating point: 1 may come as 1.0000000000000002.
_TOLERANCE = 1e-6


def _is_number(value: Any) -> bool:
    """True for a finite int or float; a bool is neither."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _area(box: Sequence[float]) -> float:
    """Area after clipping to the picture."""
    x0, y0, x1, y1 = (min(max(value, 0), 1) for value in box)
    return max(x1 - x0, 0) * max(y1 - y0, 0)


def _is_outside(box: Sequence[float]) -> bool:
    return not all(-_TOLERANCE <= value <= 1 + _TOLERANCE for value in box)


def check_box(box: Any, where: str, strict: bool = True) -> List[float]:
    """Check one box and return it unchanged, as a list.

    Args:
        box (Sequence[float]): x0, y0, x1, y1.
        where (str): File and id, for the message.
        strict (bool): Refuse boxes that are inverted or outside [0, 1].
            A box with a lost coordinate of the published VGG-SS always
            passes, and so does one of zero area. Defaults to True.

    Returns:
        list[float]: The four numbers, raw.

    Raises:
        ValueError: If there are not four finite numbers or, when strict,
            they are out of range or inverted.
    """
    if isinstance(box, str) or not isinstance(box, Sequence) or len(box) != 4:
        raise ValueError(f'{where}: a box is [x0, y0, x1, y1], got '
                         f'{brief(box)}')
    if not all(map(_is_number, box)):
        raise ValueError(
            f'{where}: box {brief(list(box))} holds something that is '
            'not a finite number')
    if strict and _LOST not in box:
        hint = '; strict_boxes=False keeps it, clipped'
        if _is_outside(box):
            raise ValueError(
                f'{where}: box {brief(list(box))} is outside [0, 1]; '
                f'boxes are fractions of the picture{hint}')
        if box[2] < box[0] or box[3] < box[1]:
            raise ValueError(
                f'{where}: box {brief(list(box))} is inverted; boxes '
                f'are x0, y0, x1, y1{hint}')
    return list(box)


def report_boxes(boxes: Mapping[str, Sequence[Sequence[float]]],
                 source: str) -> Dict[str, int]:
    """Log the boxes that are kept although something is wrong with them.

    Args:
        boxes (Mapping[str, Sequence]): Boxes of each id.
        source (str): Annotation file or folder, for the message.

    Returns:
        dict[str, int]: Counts ``outside`` (boxes), ``zero_area`` (boxes,
        after clipping to the picture) and ``empty`` (samples without any
        area).
    """
    outside = [i for i, many in boxes.items() for b in many if _is_outside(b)]
    flat = [i for i, many in boxes.items() for b in many if not _area(b)]
    empty = [i for i, many in boxes.items() if not any(map(_area, many))]
    for ids, what in ((outside, 'box(es) reach outside the picture'),
                      (flat, 'box(es) have zero area'),
                      (empty, 'sample(s) have no area at all and can never '
                       'be right')):
        if ids:
            MMLogger.get_current_instance().warning(
                f'{source}: {len(ids)} {what}, kept as published: '
                f'{shorten(ids)}')
    return dict(outside=len(outside), zero_area=len(flat), empty=len(empty))
