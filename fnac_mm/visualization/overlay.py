"""Drawing on arrays: heat map, boxes, region and caption; contact sheets.

Shape legend: (H, W) pixels of the picture, (h, w) of the map. Pictures are
RGB uint8 (H, W, 3), boxes ``(x0, y0, x1, y1)`` as fractions of W and H.
"""
import math
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np

BOX_COLOR = (0, 255, 0)
REGION_COLOR = (255, 255, 255)
TEXT_COLOR = (255, 255, 255)
BACKGROUND = (32, 32, 32)


def draw_overlay(image: np.ndarray,
                 map: Optional[np.ndarray] = None,
                 boxes: Sequence[Sequence[float]] = (),
                 region: Optional[np.ndarray] = None,
                 caption: str = '',
                 alpha: float = 0.5,
                 colormap: str = 'inferno') -> np.ndarray:
    """Draw a map, the region it predicts, and true boxes on a picture.

    Args:
        image (ndarray): (H, W, 3) RGB uint8; not changed.
        map (ndarray, optional): (h, w) in [0, 1]; stretched to the picture.
        boxes (Sequence): (N, 4), as fractions; those without area are not
            drawn.
        region (ndarray, optional): (h, w) bool; its outline is drawn.
        caption (str): Written at the top left.
        alpha (float): Opacity of the map. Defaults to 0.5.
        colormap (str): A colour map of OpenCV. Defaults to ``'inferno'``.

    Returns:
        ndarray: (H, W, 3) RGB uint8.

    Raises:
        ValueError: If the picture is not of this form, or a value is out of
            range or unknown.
    """
    _check_image(image)
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha must be in [0, 1], got {alpha}')
    size = (image.shape[1], image.shape[0])
    drawn = image.copy()
    if map is not None:
        heat = cv2.resize(_colorize(map, colormap), size)
        drawn = cv2.addWeighted(drawn, 1 - alpha, heat, alpha, 0)
    width = max(1, round(min(size) / 150))
    if region is not None:
        large = cv2.resize(
            region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        outline = cv2.findContours(large, cv2.RETR_LIST,
                                   cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(drawn, outline, -1, REGION_COLOR, max(1, width // 2))
    for box in boxes:
        x0, y0, x1, y1 = (np.clip(box, 0, 1) * (size + size)).astype(int)
        if x0 < x1 and y0 < y1:
            cv2.rectangle(drawn, (x0, y0), (x1 - 1, y1 - 1), BOX_COLOR, width)
    if caption:
        _write(drawn, caption)
    return drawn


def contact_sheet(images: Sequence[np.ndarray],
                  columns: int = 4,
                  captions: Optional[Sequence[str]] = None,
                  cell: Tuple[int, int] = (224, 224),
                  gap: int = 6) -> np.ndarray:
    """Put pictures on one sheet, row by row.

    Args:
        images (Sequence[ndarray]): RGB uint8 of any size; scaled to fit the
            cell without distortion.
        columns (int): Pictures in a row. Defaults to 4.
        captions (Sequence[str], optional): One for each, written under it.
        cell (tuple[int, int]): (H, W) of a cell. Defaults to (224, 224).
        gap (int): Pixels between cells and around. Defaults to 6.

    Returns:
        ndarray: RGB uint8; every row is of the same height.

    Raises:
        ValueError: If there is no picture, ``columns`` is less than 1, or
            the captions are not as many as the pictures.
    """
    if not images or columns < 1:
        raise ValueError('a sheet needs at least one image and one column, '
                         f'got {len(images)} and {columns}')
    if captions is not None and len(captions) != len(images):
        raise ValueError(f'{len(captions)} captions for {len(images)} images')
    strip = 0 if captions is None else 22
    height, width = cell[0] + strip + gap, cell[1] + gap
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    sheet = np.full((rows * height + gap, columns * width + gap, 3),
                    BACKGROUND, np.uint8)
    for index, image in enumerate(images):
        top = gap + index // columns * height
        left = gap + index % columns * width
        part = sheet[top:top + cell[0], left:left + cell[1]]
        _paste(part, image)
        if captions is not None:
            below = sheet[top + cell[0]:top + cell[0] + strip,
                          left:left + cell[1]]
            _write(below, captions[index])
    return sheet


def _check_image(image: np.ndarray) -> None:
    """ValueError unless RGB uint8."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError('expected an RGB image (H,W,3) of uint8, got '
                         f'{image.shape} of {image.dtype}')


def _colorize(map: np.ndarray, colormap: str) -> np.ndarray:
    """(h, w, 3) RGB uint8 of a map in [0, 1]."""
    code = getattr(cv2, f'COLORMAP_{colormap.upper()}', None)
    if code is None:
        raise ValueError(
            f'OpenCV has no colour map {colormap!r}; try inferno, '
            'turbo, viridis or jet')
    level = np.rint(np.clip(map, 0, 1) * 255).astype(np.uint8)
    return cv2.applyColorMap(level, code)[..., ::-1]


def _paste(part: np.ndarray, image: np.ndarray) -> None:
    """Scale a picture into the middle of a part of the sheet, in place."""
    _check_image(image)
    scale = min(part.shape[0] / image.shape[0], part.shape[1] / image.shape[1])
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    top = (part.shape[0] - height) // 2
    left = (part.shape[1] - width) // 2
    part[top:top + height, left:left + width] = small


def _write(image: np.ndarray, text: str) -> None:
    """Write at the top left on a dark band, shrunk to the width, in place."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    wanted = max(0.35, min(image.shape[1] / 900, 1.0))
    (width, _), _ = cv2.getTextSize(text, font, wanted, 1)
    scale = wanted * min(1, (image.shape[1] - 8) / max(width, 1))
    (width, height), below = cv2.getTextSize(text, font, scale, 1)
    band = image[:height + below + 6, :width + 8]
    band[:] = band // 4
    cv2.putText(image, text, (4, height + 3), font, scale, TEXT_COLOR, 1,
                cv2.LINE_AA)
