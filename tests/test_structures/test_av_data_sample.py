"""The object that travels with a sample."""
import pickle
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import torch

from fnac_mm.structures import AVDataSample

BOXES = [[0.1, 0.2, 0.5, 0.9], [0, 0, 1, 1]]


def full_sample() -> AVDataSample:
    sample = AVDataSample(metainfo=dict(sample_id='a', ori_shape=(40, 60)))
    sample.set_gt_boxes(BOXES).set_gt_mask(torch.eye(5) > 0)
    return sample.set_pred_map(torch.rand(7, 7), torch.rand(14, 14))


def test_shapes() -> None:
    sample = full_sample()
    assert sample.gt_boxes.shape == (2, 4)
    assert sample.gt_boxes.dtype == np.float64
    assert sample.gt_mask.data.shape == (1, 5, 5)
    assert sample.gt_mask.data.dtype == torch.uint8
    assert sample.pred_map.data.shape == (1, 7, 7)
    assert sample.pred_map.shape == (7, 7)
    assert sample.pred_object_map.shape == (14, 14)
    assert sample.sample_id == 'a' and sample.ori_shape == (40, 60)


@pytest.mark.parametrize('boxes', [[], BOXES])
def test_boxes_need_no_shared_memory(boxes: list) -> None:
    """What a loader's worker sends, which goes to no other process here."""
    sample = AVDataSample(metainfo=dict(sample_id='a', ori_shape=(40, 60)))
    sent = bytes(ForkingPickler.dumps(sample.set_gt_boxes(boxes)))
    assert b'storage' not in sent
    found = pickle.loads(sent)
    assert found.metainfo == sample.metainfo
    assert found.gt_boxes.dtype == np.float64
    assert found.gt_boxes.tolist() == boxes


@pytest.mark.parametrize('boxes', [[], np.zeros((0, 4)), torch.zeros(0, 4)])
def test_no_boxes(boxes: object) -> None:
    assert AVDataSample().set_gt_boxes(boxes).gt_boxes.shape == (0, 4)


def test_boxes_are_kept_to_the_last_bit() -> None:
    """Truncation to pixels must not see a float32 of the annotation."""
    boxes = np.random.default_rng(0).uniform(size=(5, 4))
    sample = AVDataSample().set_gt_boxes(boxes.tolist())
    for same in (sample, sample.to(torch.float16), sample.cpu()):
        assert np.array_equal(same.gt_boxes, boxes)


def test_object_map_is_optional() -> None:
    sample = AVDataSample().set_pred_map(torch.rand(7, 7))
    assert 'pred_object_map' not in sample


def test_conversions_reach_every_field() -> None:
    sample = full_sample()
    copy = sample.clone()
    copy.set_pred_map(torch.zeros(3, 3))
    assert sample.pred_map.shape == (7, 7)
    half = sample.to(torch.float16)
    assert half.pred_object_map.data.dtype == torch.float16
    arrays = sample.numpy()
    assert isinstance(arrays.pred_map.data, np.ndarray)
    assert arrays.sample_id == 'a'
