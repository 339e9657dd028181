"""One sample as the model sees it: frame and spectrogram side by side.

Shape legend: (H, W) pixels, F frequency bins, T time frames.
"""
import textwrap
from typing import Any, Dict, Optional, Tuple

import cv2
import numpy as np

from fnac_mm.structures import AVDataSample
from .localization_visualizer import true_source
from .overlay import BACKGROUND, TEXT_COLOR, colorize, draw_overlay, fit

COLORMAP = 'viridis'
ERROR_COLOR = (96, 24, 24)
# A panorama is shown this many times as wide as high, no wider.
WIDEST = 3
# Pixels between the parts of a tile.
GAP = 4


def draw_spectrogram(spectrogram: np.ndarray, limits: Tuple[float, float],
                     size: Tuple[int, int]) -> np.ndarray:
    """Draw a spectrogram (F, T) of size (H, W), low frequencies at the bottom.

    ``limits`` are the values of the darkest and the brightest colour.
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
    room = side, WIDEST * side
    parts = dict(frame=draw_overlay(fit(image, room), **true_source(sample)))
    if original is not None:
        parts = dict(original=fit(original, room), **parts)
    bins, frames = spectrogram.shape
    parts[f'{bins} bins x {frames}'] = draw_spectrogram(
        spectrogram, limits, (side, side))
    bar = np.full((side, GAP, 3), BACKGROUND, np.uint8)
    row = [(bar, draw_overlay(part, caption=name))
           for name, part in parts.items()]
    return np.concatenate([part for pair in row for part in pair][1:], axis=1)


def draw_error(text: str, size: Tuple[int, int]) -> np.ndarray:
    """Picture of size (H, W) that says why a sample can't be shown."""
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
