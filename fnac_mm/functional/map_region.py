"""From a map to a box, and to how sure it is.

Shape legend: (H, W) pixels, (h, w) positions.
"""
from typing import Optional, Tuple, Union

import cv2
import numpy as np
from torch import Tensor

from .localization_map import resize_map

# As NegativeAudioMetric enlarges by default, so that its threshold fits.
_SIZE = 224

PixelBox = Tuple[int, int, int, int]


def largest_region_box(map: Union[np.ndarray, Tensor],
                       threshold: float) -> Optional[PixelBox]:
    """Tight box of the largest connected region that reaches a threshold.

    Pixels that touch at a corner are connected. Of regions of equal size
    the uppermost counts.

    Args:
        map (np.ndarray | Tensor): (H, W).
        threshold (float): A pixel belongs to a region from it on.

    Returns:
        tuple[int, int, int, int] | None: (x0, y0, x1, y1) in pixels of the
        map; x1 and y1 are the first ones outside. None if no pixel reaches
        the threshold.

    Raises:
        ValueError: If the map is not (H, W).
    """
    array = np.asarray(map)
    if array.ndim != 2:
        raise ValueError(f'expected a map (H,W), got {array.shape}')
    count, _, stats, _ = cv2.connectedComponentsWithStats(
        (array >= threshold).astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    # Label 0 is what lies below the threshold.
    sizes = stats[1:, cv2.CC_STAT_AREA]
    left, top, width, height = stats[1 + int(sizes.argmax()), :4].tolist()
    return left, top, left + width, top + height


def placement_confidence(map: Tensor) -> Tensor:
    """Largest cosine of each enlarged map: what tells sound from silence.

    A universal threshold U of vssl_eval decides on ``(cos + 1) / 2``, so a
    picture in which nothing sounds has a confidence of at most ``2 U - 1``.

    Args:
        map (Tensor): (B, h, w), cosines.

    Returns:
        Tensor: (B,).
    """
    return resize_map(map, _SIZE).amax(dim=(1, 2))
