"""Rows of plain numbers: masks as runs, and what makes a sample positive."""
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fnac_mm.evaluation.sample_row import (decode_mask, describe_sample,
                                           encode_mask, is_positive,
                                           row_target)
from fnac_mm.structures import AVDataSample


def row_of(**annotation: object) -> dict:
    """Row of a sample with boxes or a mask."""
    sample = AVDataSample(metainfo=dict(sample_id='a', group='g'))
    if 'boxes' in annotation:
        sample.set_gt_boxes(annotation['boxes'])
    if 'mask' in annotation:
        sample.set_gt_mask(torch.as_tensor(annotation['mask']))
    return describe_sample(sample.to_dict())


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(st.integers(1, 6),
              st.integers(1, 6)).flatmap(lambda shape: st.lists(
                  st.integers(0, 1),
                  min_size=shape[0] * shape[1],
                  max_size=shape[0] * shape[1]).map(lambda v: np.array(
                      v, np.uint8).reshape(shape))))
def test_mask_goes_through_runs(mask: np.ndarray) -> None:
    code = encode_mask(mask)
    assert np.array_equal(decode_mask(code), mask)
    # A run of zeros, which may be empty, then others that are not.
    assert all(count > 0 for count in code['counts'][1:])
    assert sum(code['counts'][1::2]) == mask.sum()


def test_known_runs() -> None:
    assert encode_mask(np.array([[0, 1, 1], [0, 0, 1]])) == dict(
        size=[2, 3], counts=[1, 2, 2, 1])
    assert encode_mask(np.ones((2, 2)))['counts'] == [0, 4]
    with pytest.raises(ValueError, match='runs of 3 pixels'):
        decode_mask(dict(size=[2, 2], counts=[1, 2]))


def test_positive_is_a_box_or_a_pixel() -> None:
    empty = np.zeros((4, 4), np.uint8)
    dot = empty.copy()
    dot[2, 1] = 1
    assert is_positive(row_of(boxes=[[0.1, 0.1, 0.1, 0.5]]))
    assert not is_positive(row_of(boxes=[]))
    assert is_positive(row_of(mask=dot))
    assert is_positive(row_of(mask=empty + 1))
    assert not is_positive(row_of(mask=empty))
    # A negative sound leaves the mask of its frame out.
    assert not is_positive(row_of(mask=dot, boxes=[]))


def test_target_is_the_mask_of_its_size() -> None:
    mask = np.eye(4, dtype=np.uint8)
    row = row_of(mask=mask)
    assert row['group'] == 'g'
    target = row_target(row, 4, dict(combine='union', consensus=2))
    assert np.array_equal(target.numpy(), mask)
    with pytest.raises(ValueError, match="'a': its mask is of size .4, 4."):
        row_target(row, 224, dict(combine='union', consensus=2))
