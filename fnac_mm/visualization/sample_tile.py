"""One sample as the model sees it: frame and spectrogram side by side.

Shape legend: (H, W) pixels, F frequency bins, T time frames.
"""
import textwrap
from typing import Any, Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from fnac_mm.structures import AVDataSample
from .localization_visualizer import true_source
from .overlay import BACKGROUND, TEXT_COLOR, colorize, draw_overlay, fit

COLORMAP = 'viridis'
ERROR_COLOR = (96, 24, 24)
# A panorama is shown this many times as wide as high, no wider.
WIDEST = 3


def draw_spectrogram(spectrogram: np.ndarray, limits: Tuple[float, float],
                     size: Tuple[int, int]) -> np.ndarray:
    """Draw a spectrogram, low frequencies at the bottom.

    Args:
        spectrogram (ndarray): (F, T).
        limits (tuple[float, float]): Values of the darkest and the brightest
            colour.
        size (tuple[int, int]): (H, W) of the picture.

    Returns:
        ndarray: (H, W, 3) RGB uint8.
    """
    low, high = limits
    level = (spectrogram[::-1] - low) / max(high - low, 1e-12)
    # A mask is a few bins wide: interpolation would blur its edge.
    return cv2.resize(
        colorize(level, COLORMAP), size[::-1], interpolation=cv2.INTER_NEAREST)


def draw_sample(image: np.ndarray,
                spectrogram: np.ndarray,
                sample: AVDataSample,
                limits: Tuple[float, float],
                original: Optional[np.ndarray] = None,
                side: int = 224) -> np.ndarray:
    """Draw a sample after its pipeline.

    Args:
        image (ndarray): (H, W, 3) RGB uint8, input of the model.
        spectrogram (ndarray): (F, T), input of the model.
        sample (AVDataSample): Boxes or a mask are drawn on the frame.
        limits (tuple[float, float]): See :func:`draw_spectrogram`.
        original (ndarray, optional): (H', W', 3) RGB uint8, the frame before
            augmentation; stands first.
        side (int): Height of the tile. Defaults to 224.

    Returns:
        ndarray: (side, W'', 3) RGB uint8.
    """
    parts: List[Tuple[str, np.ndarray]] = []
    if original is not None:
        parts.append(('original', fit(original, (side, WIDEST * side))))
    parts.append(('frame',
                  draw_overlay(
                      fit(image, (side, WIDEST * side)),
                      **true_source(sample))))
    bins, frames = spectrogram.shape
    parts.append((f'{bins} bins x {frames}',
                  draw_spectrogram(spectrogram, limits, (side, side))))
    drawn = [draw_overlay(part, caption=name) for name, part in parts]
    return join_pictures(drawn)


def draw_error(text: str, size: Tuple[int, int]) -> np.ndarray:
    """Stand for a sample that can't be shown.

    Args:
        text (str): Why; as much of its beginning as there is room for.
        size (tuple[int, int]): (H, W).

    Returns:
        ndarray: (H, W, 3) RGB uint8.
    """
    tile = np.full((*size, 3), ERROR_COLOR, np.uint8)
    style: Dict[str, Any] = dict(
        fontFace=cv2.FONT_HERSHEY_SIMPLEX,
        fontScale=0.42,
        color=TEXT_COLOR,
        thickness=1,
        lineType=cv2.LINE_AA)
    # A letter of this font and scale is 8 pixels wide at most.
    room = max((size[1] - 16) // 8, 1)
    for row, line in enumerate(textwrap.wrap(text, room)[:size[0] // 20 - 1]):
        cv2.putText(tile, line, (8, 24 + 20 * row), **style)
    return tile


def join_pictures(images: Sequence[np.ndarray], gap: int = 4) -> np.ndarray:
    """Put pictures of one height side by side.

    Args:
        images (Sequence[ndarray]): (H, W, 3) uint8 each.
        gap (int): Pixels between them. Defaults to 4.

    Returns:
        ndarray: (H, W', 3) uint8.
    """
    bar = np.full((len(images[0]), gap, 3), BACKGROUND, np.uint8)
    row = [part for image in images for part in (bar, image)]
    return np.concatenate(row[1:], axis=1)
