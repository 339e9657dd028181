"""Checks of annotated boxes: ``(x0, y0, x1, y1)`` as fractions."""
import math
from typing import Any, Dict, Mapping, Sequence

import numpy as np
from mmengine.logging import MMLogger

from .text_files import brief, shorten

# A coordinate of the published vggss.json that was lost before publication:
# the smallest 64-bit integer over the width of the frame. The published
# evaluation clips it to 0, which leaves the box without area.
_LOST = -2**63 / 320
# Fractions were computed in floating point: 1 may come as 1.0000000000000002.
_TOLERANCE = 1e-6


def _is_number(value: Any) -> bool:
    """True for an int or float that float64 can hold; a bool is neither."""
    return isinstance(value, (int, float)) and not isinstance(
        value, bool) and -1e300 < value < 1e300


def check_box(box: Any, where: str, strict: bool = True) -> Sequence[float]:
    """Check one box of a file; it is returned unchanged.

    Args:
        box (Any): x0, y0, x1, y1 as they were read.
        where (str): File and id, for the message.
        strict (bool): Refuse boxes that are inverted or outside [0, 1].
            A box with a lost coordinate of the published VGG-SS always
            passes, and so does one of zero area. Defaults to True.

    Raises:
        ValueError: If there are not four finite numbers or, when strict,
            they are out of range or inverted.
    """
    if isinstance(box, str) or not isinstance(box, Sequence) or len(box) != 4:
        raise ValueError(f'{where}: a box is [x0, y0, x1, y1], got '
                         f'{brief(box)}')
    text = f'{where}: box {brief(list(box))}'
    if not all(map(_is_number, box)):
        raise ValueError(f'{text} holds something that is not a finite '
                         'number')
    if strict and _LOST not in box:
        hint = '; strict_boxes=False keeps it, clipped'
        if not all(-_TOLERANCE <= v <= 1 + _TOLERANCE for v in box):
            raise ValueError(f'{text} is outside [0, 1]; boxes are fractions '
                             f'of the picture{hint}')
        if box[2] < box[0] or box[3] < box[1]:
            raise ValueError(f'{text} is inverted; boxes are x0, y0, x1, y1'
                             f'{hint}')
    return box


def as_boxes(boxes: Sequence[Sequence[float]]) -> np.ndarray:
    """(N, 4) float64, the one form of boxes up to the target.

    In float32 some coordinates of the published lists would truncate to
    another pixel.
    """
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def pixel_fraction(value: float, size: int) -> float:
    """Fraction of the frame that truncates to a published pixel.

    It is the smallest f >= ``int(value) / size`` whose product with ``size``
    is not below ``int(value)``: a plain division gives pixel 60 of 224 for
    61.
    """
    pixel = int(value)
    fraction = pixel / size
    while fraction * size < pixel:
        fraction = math.nextafter(fraction, math.inf)
    return fraction


def report_boxes(samples: Mapping[str, Mapping[str, Any]],
                 source: str) -> Dict[str, int]:
    """Log the boxes that are kept although something is wrong with them.

    Args:
        samples (Mapping[str, Mapping]): ``gt_boxes`` of each id.
        source (str): Annotation file or folder, for the message.

    Returns:
        dict[str, int]: Counts ``outside`` (boxes), ``zero_area`` (boxes,
        after clipping to the picture) and ``empty`` (samples without any
        area).
    """
    outside, flat, empty = [], [], []
    for sample_id, sample in samples.items():
        boxes = sample['gt_boxes']
        excess = np.abs(boxes - 0.5).max(axis=1) > 0.5 + _TOLERANCE
        inside = boxes.clip(0, 1)
        has_area = (inside[:, 2:] > inside[:, :2]).all(axis=1)
        outside += [sample_id] * int(excess.sum())
        flat += [sample_id] * int((~has_area).sum())
        empty += [] if has_area.any() else [sample_id]
    for ids, what in ((outside, 'box(es) reach outside the picture'),
                      (flat, 'box(es) have zero area'),
                      (empty, 'sample(s) have no area at all and can never '
                       'be right')):
        if ids:
            MMLogger.get_current_instance().warning(
                f'{source}: {len(ids)} {what}, kept as published: '
                f'{shorten(ids)}')
    return dict(outside=len(outside), zero_area=len(flat), empty=len(empty))
