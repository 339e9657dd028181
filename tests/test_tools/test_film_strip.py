"""The right picture in the right cell."""
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fnac_mm.visualization import write_image
from fnac_mm.visualization.film_strip import find_pictures
from fnac_mm.visualization.overlay import LINE, TITLE
from tools.analysis_tools import film_strip

EPOCHS = (1, 2, 3, 5)
CELL, GAP = 70, 6


def color(sample: int, epoch: int, start: int) -> tuple:
    return 60 * sample, 40 * epoch, 200 * start


@pytest.fixture()
def work_dir(tmp_path: Path) -> Path:
    """Three samples, four validations in two starts of a run."""
    for start, epochs in enumerate(((1, 2, 3, 4), EPOCHS[2:])):
        folder = tmp_path / f'20260101_0{start}0000' / 'vis_data/vis_image'
        for epoch in epochs:
            for index in range(3):
                picture = np.full((70, 70, 3), color(index, epoch, start),
                                  np.uint8)
                write_image(
                    str(folder / f'heat_map_id_{index}_{epoch}.png'), picture)
        (folder / 'other.png').touch()
    return tmp_path


def draw(work_dir: Path, *options: object) -> np.ndarray:
    """The strip, RGB."""
    out = work_dir / 'strip.png'
    film_strip.main([
        str(work_dir), '--out',
        str(out), '--cell',
        str(CELL), *map(str, options)
    ])
    return cv2.imread(str(out))[..., ::-1]


def test_pictures_are_in_their_cells(work_dir: Path) -> None:
    """The second start has trained epochs 3 and 4 again."""
    sheet = draw(work_dir, '--ids', 'id/2', 'id/0', 'id/1')
    assert sheet.shape == (TITLE + 3 * (CELL + LINE + GAP) + GAP,
                           4 * (CELL + GAP) + GAP, 3)
    for row, index in enumerate((2, 0, 1)):
        for column, epoch in enumerate(EPOCHS):
            top = TITLE + GAP + row * (CELL + LINE + GAP)
            left = GAP + column * (CELL + GAP)
            cell = sheet[top:top + CELL, left:left + CELL]
            assert (cell == color(index, epoch, int(epoch > 2))).all()


def test_epochs_are_spread(work_dir: Path) -> None:
    assert draw(work_dir, '--columns', 2).shape[1] == 2 * (CELL + GAP) + GAP
    for count, expected in ((2, [1, 5]), (3, [1, 3,
                                              5]), (1, [5]), (9, [*EPOCHS])):
        assert list(find_pictures(str(work_dir), count)) == expected


def test_animation(work_dir: Path) -> None:
    path = work_dir / 'new' / 'strip.gif'
    draw(work_dir, '--gif', path)
    with Image.open(path) as gif:
        assert gif.n_frames == len(EPOCHS)
        assert gif.width == CELL + 2 * GAP


def test_what_is_not_there(work_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match='no maps of nobody; there are'):
        draw(work_dir, '--ids', 'nobody')
    (tmp_path / 'none').mkdir()
    with pytest.raises(SystemExit, match='no .*heat_map_'):
        film_strip.main([str(tmp_path / 'none'), '--out', 'x.png'])
    assert not (work_dir / 'strip.png').exists()
