"""Ill trainings: found, named, stopped or gone on without."""
import json
import logging
import time
from pathlib import Path
from typing import List

import pytest
import torch
from mmengine.dist import get_rank
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from fnac_mm.engine import TrainingHealthHook
from fnac_mm.functional import effective_rank, uniformity
from ...ddp_helpers import run_distributed
from ..health_runs import (BATCH, Clips, PoisonGradient, ToyLocalizer, build,
                           collate, weights)


def entries(folder: Path) -> List[dict]:
    text = (folder / 'non_finite.jsonl').read_text()
    return [json.loads(line) for line in text.splitlines()]


def warnings_of(runner: Runner) -> List[str]:
    found: List[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())
    runner.logger.addHandler(handler)
    runner.train()
    return [w for w in found if 'metainfo' not in w and 'loader is' not in w]


def test_stops_with_the_ids(tmp_path: Path) -> None:
    runner = build(tmp_path, bad=(5, ))
    with pytest.raises(FloatingPointError, match="step 1 .*'clip4'"):
        runner.train()
    # The step was not taken.
    assert all(p.isfinite().all() for p in runner.model.parameters())
    entry, = entries(tmp_path)
    assert entry['ids'] == [f'clip{i}' for i in range(4, 8)]
    assert (entry['epoch'], entry['step']) == (0, 1)
    assert entry['loss_tne'] == 'nan'


def test_a_bad_gradient_with_a_good_loss_stops_too(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match='step 2 '):
        build(tmp_path, hooks=(PoisonGradient(2), )).train()
    entry, = entries(tmp_path)
    assert float(entry['loss']) > 0 and entry['gradient_norm'] != '0.0'


@pytest.mark.parametrize('optim, accumulated', [
    (dict(clip_grad=dict(max_norm=1.)), 0),
    (dict(accumulative_counts=2), 4),
])
def test_a_clipped_or_accumulated_gradient_stops_too(tmp_path: Path,
                                                     optim: dict,
                                                     accumulated: int) -> None:
    """And all batches that it is made of are named."""
    with pytest.raises(FloatingPointError, match='step 3 '):
        build(tmp_path, hooks=(PoisonGradient(3), ), optim=optim).train()
    entry, = entries(tmp_path)
    assert entry['ids'] == [f'clip{i}' for i in range(12 - accumulated, 16)]


def test_several_optimizers_are_refused(tmp_path: Path) -> None:
    runner = build(tmp_path)
    runner.optim_wrapper = OptimWrapperDict()
    with pytest.raises(TypeError, match='OptimWrapperDict'):
        TrainingHealthHook().before_train(runner)


def train_together(folder: str) -> str:
    """A training in which one process has the bad clip."""
    runner = build(Path(folder), bad=(5, ) if get_rank() == 1 else ())
    try:
        runner.train()
    except FloatingPointError as error:
        return str(error)
    return ''


@pytest.mark.ddp
def test_all_processes_stop(tmp_path: Path) -> None:
    messages = run_distributed(train_together, 2, str(tmp_path))
    assert all('step 1 ' in m and 'clip4' in m for m in messages)
    lines = (tmp_path / 'non_finite.jsonl').read_text().splitlines()
    assert len(lines) == 1 and lines[0].count('clip') == 8


def test_watching_changes_no_weight(tmp_path: Path) -> None:
    found = []
    for watched in (True, False):
        runner = build(
            tmp_path / str(watched), watched=watched, epochs=2, interval=1)
        runner.train()
        found.append(weights(runner))
    for key, value in found[0].items():
        assert torch.equal(value, found[1][key]), key


def test_figures_are_in_the_log(tmp_path: Path) -> None:
    runner = build(tmp_path, epochs=2)
    runner.train()
    lines = [
        json.loads(line) for path in tmp_path.glob('*/vis_data/scalars.json')
        for line in path.read_text().splitlines()
    ]
    assert [line['iter'] for line in lines] == [2, 4, 6, 8]
    for line in lines:
        assert 1 <= line['health/audio_rank'] <= BATCH
        assert 1 <= line['health/visual_rank'] <= BATCH
        assert -8 <= line['health/audio_uniformity'] <= 0
        assert 0 <= line['health/flat_visual_targets'] <= 1
        assert 0 < line['health/loader_share'] < 1
        assert line['health/gradient_norm'] > 0


def test_figures_are_of_this_steps_features(tmp_path: Path) -> None:
    """Against a forward pass of the untrained model (learning rate 0)."""
    optim = dict(optimizer=dict(type='SGD', lr=0.))
    runner = build(tmp_path, optim=optim)
    runner.train()
    model = ToyLocalizer()
    seen: list = []
    model.loss_module.register_forward_pre_hook(lambda m, x: seen.append(x))
    model(**collate([Clips()[i] for i in range(12, 16)]))
    visual, audio = seen[0]
    log = runner.message_hub.get_scalar
    assert log('train/health/audio_rank').current() == pytest.approx(
        effective_rank(audio).item())
    assert log('train/health/visual_uniformity').current() == pytest.approx(
        uniformity(visual.mean(dim=(2, 3))).item())


def test_collapse_is_said_once_an_epoch(tmp_path: Path) -> None:
    runner = build(
        tmp_path,
        model=ToyLocalizer(collapsed=True),
        epochs=2,
        interval=1,
        grace=0)
    found = warnings_of(runner)
    for text in ('audio features span only 1.0 of 8 directions',
                 'visual features span only 1.0 of 8',
                 'audio features are nearly the same',
                 '100% of the rows of the visual FNAC targets'):
        assert len([w for w in found if text in w]) == 2, text
    assert all('docs/health.md' in w for w in found)


class _Attraction(nn.Module):
    """Pulls each pair together; nothing keeps the clips apart."""

    def forward(self, visual: torch.Tensor, audio: torch.Tensor) -> dict:
        """Distance of all pictures to all sounds."""
        means = visual.mean(dim=(2, 3))
        return dict(loss=(means[:, None] - audio[None]).square().mean())


@pytest.mark.parametrize('collapses', [True, False])
def test_a_real_collapse_is_said_after_the_first_steps(
        tmp_path: Path, collapses: bool) -> None:
    model = ToyLocalizer()
    if collapses:
        model.loss_module = _Attraction()
    found = warnings_of(
        build(
            tmp_path,
            model=model,
            epochs=15,
            grace=40,
            limits=dict(audio_rank=2, visual_rank=2),
            optim=dict(optimizer=dict(type='Adam', lr=0.1))))
    found = [w for w in found if 'are collapsing' in w]
    # Epochs of four steps, those from the tenth on
    assert len([w for w in found if 'audio features are nearly' in w
                ]) == (6 if collapses else 0)
    assert collapses or not found


def test_slow_data_are_said_once_an_epoch(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list = []
    read = Clips.__getitem__
    monkeypatch.setattr(
        Clips, '__getitem__', lambda self, index:
        (time.sleep(0.03), read(self, index))[1])
    runner = build(tmp_path, epochs=2, limits=dict(loader_share=0.5))
    runner.logger.warning = found.append
    runner.train()
    found = [w for w in found if 'loader is the limit' in w]
    assert len(found) == 2 and '(0 now' in found[0]


def test_targets_that_nobody_follows_are_no_warning(tmp_path: Path) -> None:
    model = ToyLocalizer(collapsed=True)
    model.loss_module.set_auxiliary(False)
    runner = build(tmp_path, model=model)
    assert not [w for w in warnings_of(runner) if 'FNAC' in w]


def test_a_read_only_folder_does_not_hide_the_reason(tmp_path: Path) -> None:
    runner = build(tmp_path, bad=(5, ))
    (tmp_path / 'non_finite.jsonl').mkdir()
    with pytest.raises(FloatingPointError, match='step 1 '):
        runner.train()


@pytest.mark.parametrize('kwargs, message', [
    (dict(interval=0), 'interval'),
    (dict(on_non_finite='skip'), 'no step is left out'),
    (dict(limits=dict(colour=1)), 'unknown colour'),
])
def test_arguments(kwargs: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingHealthHook(**kwargs)
