"""Raw maps of validations: written, read, resumed, damaged."""
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from fnac_mm.evaluation import read_history, write_history
from fnac_mm.evaluation.map_history import frame_file, history_row, plain_name
from fnac_mm.evaluation.sample_row import row_to_sample
from fnac_mm.functional import get_protocol
from fnac_mm.structures import AVDataSample
from .samples import VGGSS, make_sample, random_samples

PROTOCOL = asdict(get_protocol('lvs'))
DATASET = dict(name='vggss', combine='union', consensus=2)


def write(work_dir: Path, start: str, epoch: int, mark: str = 'a') -> Path:
    folder = work_dir / start / 'vis_data' / 'heat_maps'
    return write_history(folder, epoch, PROTOCOL, DATASET,
                         [dict(sample_id=mark)])


def test_a_sample_goes_there_and_back(tmp_path: Path) -> None:
    sample = random_samples(1)[0]
    row = json.loads(json.dumps(history_row(sample.to_dict())))
    again = row_to_sample(row)
    for key in ('pred_map', 'pred_object_map'):
        assert torch.equal(getattr(again, key).data, getattr(sample, key).data)
    assert (again.gt_boxes == sample.gt_boxes).all()
    assert again.sample_id == sample.sample_id


def test_a_mask_goes_there_and_back() -> None:
    mask = torch.zeros(6, 9)
    mask[1:3, 4:] = 1
    sample = AVDataSample(metainfo=dict(sample_id='m', class_name='dog'))
    sample.set_gt_mask(mask).set_pred_map(torch.eye(4))
    again = row_to_sample(history_row(sample.to_dict()))
    assert torch.equal(again.gt_mask.data[0], mask.to(torch.uint8))
    assert 'gt_boxes' not in again and 'pred_object_map' not in again
    assert again.class_name == 'dog'


def test_by_epoch(tmp_path: Path) -> None:
    for epoch in (10, 2, 1):
        path = write(tmp_path, '20260101_000000', epoch)
    history = read_history(tmp_path)
    assert [part['epoch'] for part in history] == [1, 2, 10]
    assert history[0]['folder'] == path.parent
    assert history[0]['protocol'] == PROTOCOL
    assert history[0]['dataset'] == DATASET
    assert VGGSS['combine'] == DATASET['combine']


def test_a_resumed_run_goes_on(tmp_path: Path) -> None:
    """What was trained again counts; what lay after it is gone."""
    for epoch in (1, 2, 3, 4):
        write(tmp_path, '20260101_000000', epoch, 'first')
    for epoch in (3, ):
        write(tmp_path, '20260101_000500', epoch, 'second')
    marks = {
        part['epoch']: part['results'][0]['sample_id']
        for part in read_history(tmp_path)
    }
    assert marks == {1: 'first', 2: 'first', 3: 'second'}


def test_what_is_not_there_or_not_whole(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='visualization.enable=True'):
        read_history(tmp_path)
    path = write(tmp_path, '20260101_000000', 1)
    text = path.read_text()
    for bad in (text[:40], text.replace('"version": 1', '"version": 2'),
                text.replace('"epoch": 1', '"epoch": "1"')):
        path.write_text(bad)
        with pytest.raises(ValueError, match='epoch_1.json is no history'):
            read_history(tmp_path)
    with pytest.raises(ValueError, match='NaN'):
        history_row(make_sample('x', [], np.full((2, 2), np.nan)).to_dict())


def test_names_of_files() -> None:
    assert plain_name('-aB_9.x+silence') == '-aB_9.x+silence'
    assert frame_file('a/b c') == 'frames/a_b_c.jpg'
