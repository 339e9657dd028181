"""Drawing on arrays: heat map, targets, region and caption; contact sheets.

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

# Pixels of a line of a caption and of the title of a sheet.
LINE = 20
TITLE = 28
# Scales of the font: what is smaller can't be read and is cut off instead.
_USUAL, _SMALLEST, _TITLE = 0.42, 0.34, 0.55


def draw_overlay(image: np.ndarray,
                 map: Optional[np.ndarray] = None,
                 boxes: Sequence[Sequence[float]] = (),
                 region: Optional[np.ndarray] = None,
                 caption: str = '',
                 alpha: float = 0.5,
                 colormap: str = 'inferno',
                 mask: Optional[np.ndarray] = None) -> np.ndarray:
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
        mask (ndarray, optional): (h, w), not 0 where the true source is; its
            outline is drawn as boxes are.

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
        heat = cv2.resize(colorize(map, colormap), size)
        drawn = cv2.addWeighted(drawn, 1 - alpha, heat, alpha, 0)
    width = max(1, round(min(size) / 150))
    if region is not None:
        _outline(drawn, region, REGION_COLOR, max(1, width // 2))
    if mask is not None:
        _outline(drawn, mask != 0, BOX_COLOR, width)
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
                  gap: int = 6,
                  title: str = '') -> np.ndarray:
    """Put pictures on one sheet, row by row.

    Args:
        images (Sequence[ndarray]): RGB uint8 of any size; scaled to fit the
            cell without distortion.
        columns (int): Pictures in a row. Defaults to 4.
        captions (Sequence[str], optional): One for each, written under it;
            may have several lines.
        cell (tuple[int, int]): (H, W) of a cell. Defaults to (224, 224).
        gap (int): Pixels between cells and around. Defaults to 6.
        title (str): Written over all. Defaults to '', for none.

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
    lines = [caption.split('\n') for caption in captions or ()]
    strip = LINE * max(map(len, lines), default=0)
    head = TITLE if title else 0
    height, width = cell[0] + strip + gap, cell[1] + gap
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    sheet = np.full((head + rows * height + gap, columns * width + gap, 3),
                    BACKGROUND, np.uint8)
    if title:
        _write(sheet[gap:head + gap, gap:], title, _TITLE)
    for index, image in enumerate(images):
        top = head + gap + index // columns * height
        left = gap + index % columns * width
        part = sheet[top:top + height, left:left + cell[1]]
        _paste(part[:cell[0]], image)
        for row, line in enumerate(lines[index] if lines else ()):
            _write(part[cell[0] + LINE * row:], line, _USUAL)
    return sheet


def fit(image: np.ndarray, cell: Tuple[int, int]) -> np.ndarray:
    """Scale a picture to a cell (H, W), without distortion.

    Lines that are drawn afterwards are sharp on the sheet.
    """
    scale = min(cell[0] / image.shape[0], cell[1] / image.shape[1])
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=method)


def _check_image(image: np.ndarray) -> None:
    """ValueError unless RGB uint8."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError('expected an RGB image (H,W,3) of uint8, got '
                         f'{image.shape} of {image.dtype}')


def colorize(map: np.ndarray, colormap: str) -> np.ndarray:
    """Show (h, w) in [0, 1] as colours; what is outside is clipped.

    Raises:
        ValueError: If OpenCV has no such colour map.
    """
    code = getattr(cv2, f'COLORMAP_{colormap.upper()}', None)
    if code is None:
        raise ValueError(
            f'OpenCV has no colour map {colormap!r}; try inferno, '
            'turbo, viridis or jet')
    level = np.rint(np.clip(map, 0, 1) * 255).astype(np.uint8)
    return cv2.applyColorMap(level, code)[..., ::-1]


def _outline(image: np.ndarray, region: np.ndarray,
             color: Tuple[int, int, int], width: int) -> None:
    """Draw the outline of a region (h, w), stretched, in place."""
    large = cv2.resize(
        region.astype(np.uint8),
        image.shape[1::-1],
        interpolation=cv2.INTER_NEAREST)
    found = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
    cv2.drawContours(image, found, -1, color, width)


def _paste(part: np.ndarray, image: np.ndarray) -> None:
    """Scale a picture into the middle of a part of the sheet, in place."""
    _check_image(image)
    small = fit(image, part.shape[:2])
    top = (part.shape[0] - small.shape[0]) // 2
    left = (part.shape[1] - small.shape[1]) // 2
    part[top:top + small.shape[0], left:left + small.shape[1]] = small


def _write(image: np.ndarray, text: str, scale: float = 0.) -> None:
    """Write at the top left on a dark band, within the width, in place."""
    if not text:
        return
    font, room = cv2.FONT_HERSHEY_SIMPLEX, image.shape[1] - 8
    scale = scale or max(_USUAL, image.shape[1] / 900)
    stroke = max(1, round(scale))

    def width_of(text: str, scale: float) -> int:
        return cv2.getTextSize(text, font, scale, stroke)[0][0]

    wanted = width_of(text, scale)
    if wanted > room:
        scale = max(_SMALLEST, scale * room / wanted)
    kept = len(text)
    while kept > 1 and width_of(text, scale) > room:
        kept -= 1
        text = text[:kept] + '..'
    (width, height), below = cv2.getTextSize(text, font, scale, stroke)
    band = image[:height + below + 6, :width + 8]
    band[:] = band // 4
    cv2.putText(image, text, (4, height + 3), font, scale, TEXT_COLOR, stroke,
                cv2.LINE_AA)
