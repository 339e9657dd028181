"""LocalizationVisualizer: what is scored is what is drawn."""
import itertools
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np
import pytest
import torch
from mmengine.visualization import Visualizer

from fnac_mm.functional import boxes_to_target, consensus_iou, get_protocol
from fnac_mm.registry import VISUALIZERS
from fnac_mm.structures import AVDataSample
from fnac_mm.visualization import localization_visualizer as module
from fnac_mm.visualization.overlay import BOX_COLOR

NUMBERS = itertools.count()
IMAGE = np.full((90, 160, 3), (100, 50, 0), np.uint8)


@pytest.fixture()
def sample() -> AVDataSample:
    """Hot at the right of the lower half; a box around it."""
    map = torch.linspace(0, 0.2, 49).reshape(7, 7)
    map[5, 5] = 0.9
    sample = AVDataSample(metainfo=dict(sample_id='id_7', class_name='dog'))
    sample.set_gt_boxes([[0.5, 0.5, 1., 1.]])
    return sample.set_pred_map(map, torch.eye(7))


@pytest.fixture()
def captions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list]:
    """Arguments with which the picture is drawn."""
    calls: list = []
    original = module.draw_overlay

    def spy(image: np.ndarray, **kwargs: object) -> np.ndarray:
        calls.append(kwargs)
        return original(image, **kwargs)

    monkeypatch.setattr(module, 'draw_overlay', spy)
    yield calls


def build(**kwargs: object) -> Visualizer:
    """Through the registry, as the Runner does; a new one each time."""
    name = f'visualizer_{next(NUMBERS)}'
    return VISUALIZERS.build(
        dict(type='fnac_mm.LocalizationVisualizer', name=name, **kwargs))


def test_writes_what_it_draws(sample: AVDataSample, tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'a.png'
    drawn = build().add_datasample('a', IMAGE, sample, out_file=str(path))
    assert drawn.shape == IMAGE.shape and drawn.dtype == np.uint8
    # RGB in, RGB out: OpenCV's order does not leak.
    assert np.array_equal(cv2.imread(str(path))[..., ::-1], drawn)
    assert (drawn[45, 81:] == BOX_COLOR).all()
    with pytest.raises(OSError, match='a.nothing'):
        build().add_datasample(
            'a', IMAGE, sample, out_file=str(tmp_path / 'a.nothing'))


def test_region_and_ciou_are_the_scored_ones(sample: AVDataSample,
                                             captions: list) -> None:
    for name in ('fnac_test', 'lvs', 'vssl_eval'):
        visualizer = build(protocol=name)
        visualizer.dataset_meta = dict(combine='union', consensus=2)
        visualizer.add_datasample('a', IMAGE, sample)
        protocol = get_protocol(name)
        target = boxes_to_target([[0.5, 0.5, 1., 1.]])[None]
        expected = consensus_iou(
            protocol.maps(sample.pred_map.data)['audio_visual'],
            target,
            compare=protocol.compare,
            threshold=protocol.threshold)
        call = captions[-1]
        assert call['caption'] == f'id_7  dog  cIoU {float(expected):.2f}'
        assert call['map'].min() == 0 and call['map'].max() == 1
        region = torch.from_numpy(call['region'])[None]
        overlap = (region & (target > 0)).sum() / (region | (target > 0)).sum()
        assert float(overlap) == pytest.approx(float(expected), abs=1e-6)


def test_no_ciou_unless_the_rule_is_known(sample: AVDataSample,
                                          captions: list) -> None:
    build().add_datasample('a', IMAGE, sample)
    assert captions[-1]['caption'] == 'id_7  dog'
    del sample.gt_boxes
    visualizer = build()
    visualizer.dataset_meta = dict(combine='union')
    visualizer.add_datasample('a', IMAGE, sample)
    assert 'boxes' not in captions[-1]
    assert captions[-1]['caption'] == 'id_7  dog'


def test_switches(sample: AVDataSample, captions: list) -> None:
    drawn = build().add_datasample(
        'a', IMAGE, sample, draw_gt=False, draw_pred=False)
    assert set(captions[-1]) == {'caption', 'alpha', 'colormap'}
    assert np.array_equal(drawn[40:], IMAGE[40:])


def test_kinds(sample: AVDataSample, captions: list) -> None:
    build(kind='object').add_datasample('a', IMAGE, sample)
    assert np.diag(captions[-1]['map'])[0] == pytest.approx(1)
    del sample.pred_object_map
    with pytest.raises(ValueError, match="'id_7' has no 'object' map"):
        build(kind='object').add_datasample('a', IMAGE, sample)


def test_backend(sample: AVDataSample, tmp_path: Path) -> None:
    visualizer = build(
        vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path))
    visualizer.add_datasample('a', IMAGE, sample, step=3)
    assert (tmp_path / 'vis_data' / 'vis_image' / 'a_3.png').is_file()
