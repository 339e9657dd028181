"""The right map in the right cell, whatever colours it has."""
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from fnac_mm.evaluation import write_history
from fnac_mm.evaluation.map_history import frame_file, history_row
from fnac_mm.functional import get_protocol
from fnac_mm.structures import AVDataSample
from fnac_mm.visualization import write_image
from fnac_mm.visualization.film_strip import spread
from fnac_mm.visualization.overlay import BOX_COLOR, LINE, TITLE
from tools.analysis_tools import film_strip

EPOCHS = (1, 2, 3, 5)
CELL, GAP = 70, 6


def hot_cell(sample: int, epoch: int) -> tuple:
    """Row and column of the only hot place of a map of 7 x 7."""
    return sample * 2 + 1, EPOCHS.index(epoch) * 2


@pytest.fixture()
def work_dir(tmp_path: Path) -> Path:
    """Three samples, four validations in two starts of a run."""
    for start, epochs in (('20260101_000000', EPOCHS[:3]), ('20260101_010000',
                                                            EPOCHS[2:])):
        folder = tmp_path / start / 'vis_data' / 'heat_maps'
        for epoch in epochs:
            rows = []
            for index in range(3):
                sample = AVDataSample(metainfo=dict(sample_id=f'id{index}'))
                sample.set_gt_boxes([[0, 0, 0.5, 1]])
                map = torch.zeros(7, 7)
                map[hot_cell(index, epoch)] = 1
                row = history_row(sample.set_pred_map(map).to_dict())
                row['frame'] = frame_file(row['sample_id'])
                frame = np.full((70, 70, 3), 20 * index, np.uint8)
                write_image(str(folder / row['frame']), frame)
                rows.append(row)
            # Another order in every file.
            write_history(folder, epoch, asdict(get_protocol('fnac_test')),
                          dict(name='toy', combine='union', consensus=2),
                          rows[epoch % 3:] + rows[:epoch % 3])
    return tmp_path


def cell_of(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    """(CELL, CELL, 3) of a sheet."""
    top = TITLE + GAP + row * (CELL + LINE + GAP)
    left = GAP + column * (CELL + GAP)
    return sheet[top:top + CELL, left:left + CELL]


def draw(work_dir: Path, *options: object) -> np.ndarray:
    """The strip, RGB."""
    out = work_dir / 'strip.png'
    film_strip.main([
        str(work_dir), '--out',
        str(out), '--cell',
        str(CELL), *map(str, options)
    ])
    return cv2.imread(str(out))[..., ::-1]


@pytest.mark.parametrize('colormap', ['inferno', 'bone'])
def test_maps_are_in_their_cells(work_dir: Path, colormap: str) -> None:
    ids = ['id0', 'id1', 'id2']
    sheet = draw(work_dir, '--colormap', colormap, '--ids', *ids)
    assert sheet.shape == (TITLE + 3 * (CELL + LINE + GAP) + GAP,
                           5 * (CELL + GAP) + GAP, 3)
    for index in range(3):
        frame = cell_of(sheet, index, 0)
        box = np.nonzero((frame == BOX_COLOR).all(axis=2))
        assert (box[1].min(), box[1].max()) == (0, 34)
        assert (frame[30, 50] == 20 * index).all()
        for column, epoch in enumerate(EPOCHS, start=1):
            light = cell_of(sheet, index, column).astype(int).sum(axis=2)
            # The outline of the region is white.
            light[light == 3 * 255] = 0
            y, x = np.unravel_index(light.argmax(), light.shape)
            expected = hot_cell(index, epoch)
            # align_corners: cell k of 7 is at k / 6 of the side.
            assert abs(y / 69 - expected[0] / 6) < 0.08
            assert abs(x / 69 - expected[1] / 6) < 0.08


def test_epochs_are_spread(work_dir: Path) -> None:
    assert draw(work_dir, '--columns', 2).shape[1] == 3 * (CELL + GAP) + GAP
    history = [dict(epoch=epoch) for epoch in range(1, 31)]
    chosen = [part['epoch'] for part in spread(history, 4)]
    assert chosen[0] == 1 and chosen[-1] == 30 and len(set(chosen)) == 4
    assert spread(history, 1) == history[-1:]
    assert spread(history, 99) == history


def test_animation(work_dir: Path) -> None:
    path = work_dir / 'new' / 'strip.gif'
    draw(work_dir, '--gif', path)
    with Image.open(path) as gif:
        assert gif.n_frames == len(EPOCHS)
        assert gif.width == 2 * (CELL + GAP) + GAP


def test_what_is_not_there(work_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match='no maps of nobody; there are'):
        draw(work_dir, '--ids', 'nobody')
    with pytest.raises(SystemExit, match="has no 'fused' map"):
        draw(work_dir, '--kind', 'fused')
    (tmp_path / 'none').mkdir()
    with pytest.raises(SystemExit, match='epoch_'):
        film_strip.main([str(tmp_path / 'none'), '--out', 'x.png'])
    assert not (work_dir / 'strip.png').exists()
