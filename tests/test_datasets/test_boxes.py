"""Which boxes pass, and which are errors."""
import pytest

from fnac_mm.datasets.boxes import (as_boxes, check_box, pixel_fraction,
                                    report_boxes)

LOST = -2.8823037615171176e+16  # as it stands in the published vggss.json


@pytest.mark.parametrize('box, message', [
    ([0.1, 0.2, 0.3], 'x0, y0, x1, y1'),
    ([0.1, 0.2, 0.3, 0.4, 0.5], 'x0, y0, x1, y1'),
    ('0.12', 'x0, y0, x1, y1'),
    (None, 'x0, y0, x1, y1'),
    ([0.1, 0.2, 0.3, float('nan')], 'finite'),
    ([0.1, 0.2, 0.3, float('inf')], 'finite'),
    ([0.1, 0.2, 0.3, '0.4'], 'finite'),
    ([0, 0, True, 1], 'finite'),
    ([10, 20, 100, 200], r'outside \[0, 1\].*strict_boxes=False'),
    ([0.1, 0.2, 0.3, 10**400], 'finite'),
    ([-0.1, 0.2, 0.3, 0.4], 'outside'),
    ([0.5, 0.2, 0.3, 0.4], 'inverted'),
    ([0.1, 0.5, 0.3, 0.4], 'inverted'),
])
def test_refused(box: list, message: str):
    with pytest.raises(ValueError, match=message) as caught:
        check_box(box, "boxes.json, 'some_id'")
    assert "boxes.json, 'some_id'" in str(caught.value)


@pytest.mark.parametrize('box', [
    [0, 0, 1, 1],
    [0.1, 0.2, 1 + 2e-16, 0.9],
    [0.5, 0.5, 0.5, 0.5],
    [0.384375, 0.859375, 0.696875, LOST],
])
def test_kept_as_published(box: list):
    assert check_box(box, 'file') == box


@pytest.mark.parametrize('box', [[-0.1, 0, 1.2, 1], [0.5, 0, 0.4, 1]])
def test_not_strict(box: list):
    assert check_box(box, 'file', strict=False) == box
    with pytest.raises(ValueError, match='finite'):
        check_box([float('nan'), *box[1:]], 'file', strict=False)


def test_report():
    whole, flat = [0, 0, 1, 1], [0.2, 0.1, 0.2, 0.9]
    boxes = dict(
        a=[whole],
        b=[whole, flat],
        c=[[0.5, 0.5, 0.7, LOST]],
        d=[[-0.5, 0, 0.5, 1.5]],
        e=[])
    counts = report_boxes(
        {
            i: dict(gt_boxes=as_boxes(many))
            for i, many in boxes.items()
        }, 'boxes.json')
    assert counts == dict(outside=2, zero_area=2, empty=2)


def test_every_pixel_survives():
    for value in range(225):
        fraction = pixel_fraction(value + 0.99 * (value < 224), 224)
        assert int(fraction * 224) == value
        assert 0 <= fraction <= 1
