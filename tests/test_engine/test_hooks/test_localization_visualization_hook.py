"""Pictures while testing and of the same samples at every validation."""
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Optional

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.dist import get_rank

from fnac_mm.engine import LocalizationVisualizationHook
from fnac_mm.structures import AVDataSample
from fnac_mm.visualization import LocalizationVisualizer
from fnac_mm.visualization.film_strip import find_pictures
from tests.ddp_helpers import run_distributed

NUMBERS = itertools.count()


def make_samples(folder: Path, count: int) -> List[AVDataSample]:
    """Predictions on one grey frame."""
    path = folder / 'frame.png'
    cv2.imwrite(str(path), np.full((20, 30, 3), 90, np.uint8))
    samples = []
    for index in range(count):
        sample = AVDataSample(
            metainfo=dict(sample_id=f's{index}', img_path=str(path)))
        sample.set_gt_boxes([[0, 0, 0.5, 0.5]])
        samples.append(sample.set_pred_map(torch.eye(4) * index))
    return samples


@pytest.fixture()
def samples(tmp_path) -> list:
    return make_samples(tmp_path, 5)


def make_runner(folder: Path,
                backend: str = 'LocalVisBackend',
                **kwargs: Any) -> SimpleNamespace:
    """What the hook asks of a Runner."""
    log_dir = folder / '20260101_000000'
    visualizer = LocalizationVisualizer(
        f'hook_{next(NUMBERS)}',
        vis_backends=[dict(type=backend)],
        save_dir=str(log_dir),
        **kwargs)
    visualizer.dataset_meta = dict(
        dataset_name='toy', combine='union', consensus=2)
    return SimpleNamespace(
        visualizer=visualizer, iter=0, epoch=0, log_dir=str(log_dir))


def run_test(hook: LocalizationVisualizationHook, samples: list) -> None:
    runner = SimpleNamespace(visualizer=LocalizationVisualizer('test'), iter=0)
    hook.before_test_epoch(runner)
    for part in (samples[:2], samples[2:]):
        hook.after_test_iter(runner, 0, None, part)


def validate(hook: LocalizationVisualizationHook,
             runner: SimpleNamespace,
             samples: list,
             epoch: int,
             batch: Optional[dict] = None) -> None:
    """A validation in batches of three."""
    runner.epoch = epoch
    hook.before_val_epoch(runner)
    for start in range(0, len(samples), 3):
        hook.after_val_iter(runner, 0, batch, samples[start:start + 3])
    hook.after_val_epoch(runner, {})


def ids_of(folder: Path) -> List[List[str]]:
    """Samples of each validation, by the names of their pictures."""
    return [list(part) for part in find_pictures(str(folder), 99).values()]


def test_draws_at_the_interval_up_to_the_limit(samples, tmp_path) -> None:
    out = tmp_path / 'out'
    run_test(LocalizationVisualizationHook(True, 2, 2, str(out)), samples)
    assert sorted(p.name for p in out.iterdir()) == ['s0.png', 's2.png']
    assert cv2.imread(str(out / 's0.png')).shape == (20, 30, 3)


def test_is_off_by_default(samples, tmp_path) -> None:
    hook = LocalizationVisualizationHook(out_dir=str(tmp_path / 'x'))
    run_test(hook, samples)
    validate(hook, make_runner(tmp_path), samples, 1)
    assert [p.name for p in tmp_path.iterdir()] == ['frame.png']


def test_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match='got 0'):
        LocalizationVisualizationHook(interval=0)
    with pytest.raises(ValueError, match='fixed .* got -1'):
        LocalizationVisualizationHook(fixed=-1)


def test_the_same_samples_at_every_epoch(tmp_path) -> None:
    """Also in another order, and if the set has grown."""
    samples = make_samples(tmp_path, 20)
    runner = make_runner(tmp_path)
    hook = LocalizationVisualizationHook(True, fixed=4)
    validate(hook, runner, samples, 1)
    validate(hook, runner, samples[::-1], 2)
    first, second = ids_of(tmp_path)
    assert first == second and len(set(first)) == 4
    # A hash, not the first of the list.
    assert set(first) != {f's{i}' for i in range(4)}
    # More samples replace few.
    more = LocalizationVisualizationHook(True, fixed=6)
    validate(more, runner, samples, 3)
    assert set(ids_of(tmp_path)[-1]) > set(first)


def test_ids_that_are_not_there_are_named(tmp_path, samples,
                                          monkeypatch) -> None:
    said: list = []
    monkeypatch.setattr(
        'fnac_mm.engine.hooks.localization_visualization_hook.print_log',
        lambda text, **kwargs: said.append(text))
    hook = LocalizationVisualizationHook(True, fixed=['s1', 'nobody'])
    validate(hook, make_runner(tmp_path), samples, 1)
    assert ids_of(tmp_path) == [['s1']]
    assert len(said) == 1 and 'nobody' in said[0] and 's1' not in said[0]


def test_packed_frames_come_from_the_batch(tmp_path) -> None:
    """In the shape that they had."""
    sample, = make_samples(tmp_path, 1)
    (tmp_path / 'frame.png').unlink()
    sample.set_field((40, 80), 'ori_shape', field_type='metainfo')
    image = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    image[:, 0] = 200
    hook = LocalizationVisualizationHook(True)
    validate(hook, make_runner(tmp_path), [sample], 1,
             dict(inputs=dict(image=image)))
    (path, ), = (part.values() for part in find_pictures(tmp_path, 1).values())
    picture = cv2.imread(str(path))
    assert picture.shape[1] == 2 * picture.shape[0]
    # Half of the heat map's darkest colour, half of the frame's.
    assert abs(picture[180, 380, ::-1].astype(int) - (100, 0, 0)).max() < 5


def test_tensorboard_has_a_slider(tmp_path, samples) -> None:
    """One tag with a step per epoch."""
    accumulator = pytest.importorskip(
        'tensorboard.backend.event_processing.event_accumulator')
    runner = make_runner(tmp_path, 'TensorboardVisBackend')
    hook = LocalizationVisualizationHook(True, fixed=['s2'])
    for epoch in (1, 2, 5):
        validate(hook, runner, samples, epoch)
    runner.visualizer.close()
    events = accumulator.EventAccumulator(
        str(Path(runner.log_dir, 'vis_data')))
    events.Reload()
    assert events.Tags()['images'] == ['heat_map_s2']
    assert [e.step for e in events.Images('heat_map_s2')] == [1, 2, 5]


def validate_shard(folder: str, count: int) -> List[str]:
    """This process's part of a validation, padded as mmengine pads."""
    samples = make_samples(Path(folder, str(get_rank())), count)
    runner = make_runner(Path(folder))
    order = list(DefaultSampler(samples, shuffle=False))
    hook = LocalizationVisualizationHook(True, fixed=6)
    validate(hook, runner, [samples[i] for i in order], 1)
    return [samples[i].sample_id for i in order]


@pytest.mark.ddp
def test_two_processes_draw_each_sample_once(tmp_path) -> None:
    for rank in ('0', '1', 'alone'):
        (tmp_path / rank).mkdir()
    parts = run_distributed(validate_shard, 2, str(tmp_path), 7)
    assert set(parts[0]) != set(parts[1])
    found, = ids_of(tmp_path)
    assert len(found) == 6
    images = list(tmp_path.glob('2*/vis_data/vis_image/*.png'))
    assert len(images) == 6
    # As one process chooses.
    alone = tmp_path / 'alone'
    validate(
        LocalizationVisualizationHook(True, fixed=6), make_runner(alone),
        make_samples(alone, 7), 1)
    assert ids_of(alone) == [found]
