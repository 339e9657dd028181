"""Boxes, hot spots and captions are where they should be."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnac_mm.visualization import contact_sheet, draw_overlay
from fnac_mm.visualization.overlay import (BACKGROUND, BOX_COLOR, LINE,
                                           REGION_COLOR, TITLE)

GREY = np.full((90, 160, 3), 100, np.uint8)


def is_color(image: np.ndarray, color: tuple) -> np.ndarray:
    """(H, W) bool: pixels of exactly this colour."""
    return (image == color).all(axis=2)


def test_box_lies_on_its_edges() -> None:
    drawn = draw_overlay(GREY, boxes=[[0.25, 0.5, 0.75, 1.0]])
    rows, columns = np.nonzero(is_color(drawn, BOX_COLOR))
    assert (columns.min(), columns.max()) == (40, 119)
    assert (rows.min(), rows.max()) == (45, 89)
    # An outline, not a filled box.
    assert not is_color(drawn, BOX_COLOR)[50:85, 45:115].any()
    assert np.array_equal(drawn[:44], GREY[:44])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-1, 2, allow_nan=False)] * 4), max_size=3),
    st.integers(1, 60), st.integers(1, 60))
def test_any_box_fits(boxes: list, height: int, width: int) -> None:
    """Lost coordinates and boxes without area harm nothing."""
    image = np.zeros((height, width, 3), np.uint8)
    drawn = draw_overlay(image, boxes=boxes + [[-3e16, 0, 0, 1]])
    assert drawn.shape == image.shape
    assert not image.any()


@pytest.mark.parametrize('row,column', [(0, 0), (3, 6), (6, 2)])
def test_hot_spot(row: int, column: int) -> None:
    """The brightest pixel is in the middle of the hot cell."""
    map = np.zeros((7, 7))
    map[row, column] = 1
    drawn = draw_overlay(GREY, map, alpha=1.0).astype(int).sum(axis=2)
    y, x = np.unravel_index(drawn.argmax(), drawn.shape)
    assert abs((y + 0.5) / 90 * 7 - (row + 0.5)) < 0.6
    assert abs((x + 0.5) / 160 * 7 - (column + 0.5)) < 0.6


def test_alpha() -> None:
    map = np.eye(7)
    assert np.array_equal(draw_overlay(GREY, map, alpha=0), GREY)
    half = draw_overlay(GREY, map, alpha=0.5).astype(int)
    full = draw_overlay(GREY, map, alpha=1).astype(int)
    assert abs(half - (full + GREY) / 2).max() <= 1


def test_region_outline() -> None:
    """The left half ends where the picture is half way."""
    region = np.zeros((8, 8), bool)
    region[:, :4] = True
    drawn = draw_overlay(GREY, region=region)
    columns = np.nonzero(is_color(drawn, REGION_COLOR)[45])[0]
    assert (columns.min(), columns.max()) == (0, 79)


def test_caption() -> None:
    """At the top left, within the picture, however long."""
    for text in ('a', 'a very long caption ' * 9):
        drawn = draw_overlay(GREY, caption=text)
        changed = (drawn != GREY).any(axis=2)
        assert changed[:10].any()
        assert not changed[40:].any()


def test_caption_of_a_large_picture() -> None:
    """Takes the same part of the width, so that it is read as easily."""
    parts = []
    for width in (900, 3600):
        black = np.zeros((width // 2, width, 3), np.uint8)
        drawn = draw_overlay(black, caption='no source placed').max(axis=2)
        parts.append(np.nonzero(drawn.any(axis=0))[0].max() / width)
    assert parts[1] == pytest.approx(parts[0], rel=0.1)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match='uint8, got .* of float64'):
        draw_overlay(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match=r'got \(4, 4\) of uint8'):
        draw_overlay(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match='alpha'):
        draw_overlay(GREY, alpha=2)
    with pytest.raises(ValueError, match="no colour map 'sepia'"):
        draw_overlay(GREY, np.eye(3), colormap='sepia')


def test_contact_sheet() -> None:
    """Two rows; pictures keep their order and shape."""
    colors = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    images = [np.full((40, 80, 3), color, np.uint8) for color in colors]
    sheet = contact_sheet(images, columns=2, cell=(50, 60), gap=5)
    assert sheet.shape == (5 + 2 * 55, 5 + 2 * 65, 3)
    for color, (top, left) in zip(colors, [(5, 5), (5, 70), (60, 5)]):
        rows, columns = np.nonzero(is_color(sheet, color))
        assert (columns.min(), columns.max()) == (left, left + 59)
        # 40 x 80 becomes 30 x 60, in the middle of 50.
        assert (rows.min(), rows.max()) == (top + 10, top + 39)
    assert is_color(sheet, BACKGROUND)[60:, 70:].all()


def test_contact_sheet_captions() -> None:
    images = [GREY] * 2
    plain = contact_sheet(images, cell=(50, 60))
    sheet = contact_sheet(images, cell=(50, 60), captions=['one', 'two'])
    assert sheet.shape[0] > plain.shape[0]
    assert sheet.shape[1] == plain.shape[1]
    assert (sheet[57:70] > 200).any()
    with pytest.raises(ValueError, match='1 captions for 2 images'):
        contact_sheet(images, captions=['one'])
    with pytest.raises(ValueError, match='at least one image'):
        contact_sheet([])


def test_mask_outline() -> None:
    """As the region's, in the colour of true boxes."""
    mask = np.zeros((8, 8), np.uint8)
    mask[4:, 6:] = 3
    drawn = is_color(draw_overlay(GREY, mask=mask), BOX_COLOR)
    rows, columns = np.nonzero(drawn)
    assert (rows.min(), rows.max()) == (45, 89)
    assert (columns.min(), columns.max()) == (120, 159)
    assert not drawn[50:85, 125:155].any()


def test_long_captions_stay_readable() -> None:
    """Cut off rather than shrunk to nothing: as high as a short one."""
    heights = []
    for text in ('short', 'a caption that does not fit ' * 9):
        sheet = contact_sheet([GREY], captions=[text], cell=(90, 160))
        letters = (sheet[96:].max(axis=2) > 200).any(axis=1)
        heights.append(np.ptp(np.nonzero(letters)[0]))
    assert heights[1] >= 0.7 * heights[0] > 4


def test_title_and_lines_of_captions() -> None:
    plain = contact_sheet([GREY], cell=(50, 60))
    assert contact_sheet([GREY], cell=(50, 60),
                         title='a').shape == (plain.shape[0] + TITLE,
                                              plain.shape[1], 3)
    sheet = contact_sheet([GREY] * 2, 2, ['a\nb\nc', 'a'], cell=(50, 60))
    assert sheet.shape[0] == plain.shape[0] + 3 * LINE
    for line in range(3):
        top = 56 + LINE * line
        assert (sheet[top:top + LINE, 6:66] > 200).any()
        assert (sheet[top:top + LINE, 72:] > 200).any() == (line == 0)
