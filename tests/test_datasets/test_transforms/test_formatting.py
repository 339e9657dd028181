"""Packing."""
import numpy as np
import pytest

from fnac_mm.datasets import PackAVInputs


def results(**kwargs) -> dict:
    rng = np.random.default_rng(0)
    return dict(
        img=rng.integers(0, 256, (4, 5, 3), dtype=np.uint8),
        waveform=np.arange(6, dtype=np.float32),
        sample_id='a_1',
        img_path='a_1.jpg',
        ori_shape=(40, 50),
        sample_rate=16000,
        sample_idx=3,
        **kwargs)


def test_rgb_and_meta():
    data = results(gt_boxes=[[0.1, 0.2, 0.3, 0.4]])
    packed = PackAVInputs()(dict(data))
    image = packed['inputs']['image']
    assert image.shape == (3, 4, 5) and image.is_contiguous()
    for channel in range(3):  # BGR to RGB
        np.testing.assert_array_equal(image[channel], data['img'][...,
                                                                  2 - channel])
    assert packed['inputs']['waveform'].tolist() == [0, 1, 2, 3, 4, 5]
    sample = packed['data_samples']
    assert sample.metainfo == dict(
        sample_id='a_1',
        img_path='a_1.jpg',
        ori_shape=(40, 50),
        sample_rate=16000)
    assert sample.gt_boxes.dtype == np.float64
    assert sample.gt_boxes.tolist() == [[0.1, 0.2, 0.3, 0.4]]


def test_no_boxes_and_no_annotation_differ():
    empty = PackAVInputs()(results(gt_boxes=[]))['data_samples']
    assert empty.gt_boxes.shape == (0, 4)
    assert 'gt_boxes' not in PackAVInputs()(results())['data_samples']


def test_flipped_boxes_are_refused():
    assert PackAVInputs()(results(flip=True))
    assert PackAVInputs()(results(flip=False, gt_boxes=[]))
    with pytest.raises(ValueError, match='a_1.jpg.*flipped'):
        PackAVInputs()(results(flip=True, gt_boxes=[]))


def test_meta_keys_and_repr():
    pack = PackAVInputs(meta_keys=['sample_idx', 'absent'])
    assert pack(results())['data_samples'].metainfo == dict(sample_idx=3)
    assert repr(pack) == "PackAVInputs(meta_keys=('sample_idx', 'absent'))"
