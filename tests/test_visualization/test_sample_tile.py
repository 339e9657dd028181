"""Frame, spectrogram and errors are where they should be."""
import cv2
import numpy as np

from fnac_mm.structures import AVDataSample
from fnac_mm.visualization import draw_error, draw_sample
from fnac_mm.visualization.overlay import BACKGROUND, BOX_COLOR
from fnac_mm.visualization.sample_tile import ERROR_COLOR, draw_spectrogram

FRAME = np.full((56, 56, 3), 100, np.uint8)


def test_low_frequencies_are_at_the_bottom() -> None:
    spectrogram = np.zeros((8, 4))
    spectrogram[1, 3] = 5
    drawn = draw_spectrogram(spectrogram, (0., 5.), (80, 40))
    bright = (drawn != drawn[0, 0]).any(axis=2)
    rows, columns = np.nonzero(bright)
    # Bin 1 of 8 is the second from below, frame 3 of 4 the last.
    assert (rows.min(), rows.max()) == (60, 69)
    assert (columns.min(), columns.max()) == (30, 39)
    ends = [
        cv2.applyColorMap(np.uint8([[v]]), cv2.COLORMAP_VIRIDIS)[0, 0, ::-1]
        for v in (0, 255)
    ]
    assert (drawn[0, 0] == ends[0]).all() and (drawn[65, 35] == ends[1]).all()


def test_silence_is_dark() -> None:
    flat = draw_spectrogram(np.full((4, 4), -1.3), (-1.3, -1.3), (8, 8))
    assert (flat == flat[0, 0]).all()


def test_parts_of_a_tile() -> None:
    sample = AVDataSample().set_gt_boxes([[0, 0.5, 0.5, 1.0]])
    original = np.full((50, 100, 3), (9, 99, 199), np.uint8)
    plain = draw_sample(FRAME, np.zeros((8, 4)), sample, (0, 1))
    tile = draw_sample(FRAME, np.zeros((8, 4)), sample, (0, 1), original)
    assert plain.shape == (224, 224 + 4 + 224, 3)
    assert tile.shape == (224, 448 + 4 + 224 + 4 + 224, 3)
    assert (tile[100:, :448] == original[0, 0]).all()
    assert np.array_equal(tile[:, 452:], plain)
    assert (plain[:, 224:228] == BACKGROUND).all()
    rows, columns = np.nonzero((plain == BOX_COLOR).all(axis=2))
    assert (rows.min(), rows.max()) == (112, 223)
    assert (columns.min(), columns.max()) == (0, 111)


def test_error_tile() -> None:
    tile = draw_error('frames/a.jpg: not a readable picture ' * 40, (90, 200))
    assert tile.shape == (90, 200, 3)
    written = (tile != ERROR_COLOR).any(axis=2)
    assert written.any() and not written[:, 190:].any()
