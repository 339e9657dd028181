"""Curves from MMEngine's own log."""
import json
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from fnac_mm.visualization import plot_training_curves


class ToyModel(BaseModel):
    """Loss and score are told by a counter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.count = 0

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> object:
        """Loss of the n-th call is 10 - n, in two equal terms."""
        if mode == 'predict':
            return [{}]
        self.count += 1
        loss = self.weight.sum() * 0 + (10 - self.count) / 2
        return dict(loss_contrastive=loss, loss_tne=loss)


class ToyMetric(BaseMetric):
    """Scores that rise."""
    default_prefix = ''
    count = 0

    def process(self, data_batch: object, data_samples: object) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict:
        self.count += 10
        return {
            'audio_visual/ciou@0.5': float(self.count),
            'centre/ciou@0.5': 34.
        }


@pytest.fixture(scope='module')
def scalars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Log of two epochs of four iterations each."""
    folder = tmp_path_factory.mktemp('run')
    loader = DataLoader([dict(inputs=torch.zeros(1))] * 4)
    runner = Runner(
        ToyModel(),
        str(folder),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=2),
        val_cfg=dict(),
        val_evaluator=[ToyMetric()],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(
            logger=dict(type='LoggerHook', interval=2), checkpoint=None),
        log_processor=dict(window_size=1),
        experiment_name='curves')
    runner.train()
    return next(folder.glob('*/vis_data/scalars.json'))


def line(axes: object, label: str) -> tuple:
    """x and y of the line with this label."""
    found = [item for item in axes.lines if item.get_label() == label]
    return tuple(list(values) for values in found[0].get_data())


def test_real_log(scalars: Path, tmp_path: Path) -> None:
    out_file = tmp_path / 'new' / 'curves.png'
    loss, score, rate = plot_training_curves(scalars, out_file).axes
    lrs = rate.lines[0].get_data()
    assert (list(lrs[0]), list(lrs[1])) == ([0.5, 1, 1.5, 2], [0.1] * 4)
    assert line(loss, 'total') == ([0.5, 1, 1.5, 2], [8, 6, 4, 2])
    assert line(loss, 'contrastive') == ([0.5, 1, 1.5, 2], [4, 3, 2, 1])
    assert line(score, 'audio-visual') == ([1, 2], [10, 20])
    baseline = [
        item for item in score.lines if item.get_label().startswith('centre')
    ]
    assert list(baseline[0].get_ydata()) == [34, 34]
    assert baseline[0].get_linestyle() == '--'
    assert cv2.imread(str(out_file)).shape[2] == 3


def test_killed_run(scalars: Path, tmp_path: Path) -> None:
    text = scalars.read_text().strip()
    cut = tmp_path / 'cut.json'
    cut.write_text(text[:-5])
    with pytest.warns(UserWarning, match='cut.json: the last line'):
        _, score, _ = plot_training_curves(cut, tmp_path / 'a.png').axes
    assert line(score, 'audio-visual') == ([1], [10])


def test_bad_input(scalars: Path, tmp_path: Path) -> None:
    bad = tmp_path / 'bad.json'
    with pytest.raises(FileNotFoundError, match='bad.json'):
        plot_training_curves(bad, tmp_path / 'a.png')
    bad.write_text('{"step": 1}\nloss 3\n{"step": 2}\n')
    with pytest.raises(ValueError, match='bad.json, line 2'):
        plot_training_curves(bad, tmp_path / 'a.png')
    bad.write_text('{"step": 1, "lr": 0.1}\n')
    with pytest.raises(ValueError, match='bad.json: no loss and no'):
        plot_training_curves(bad, tmp_path / 'a.png')
    assert not (tmp_path / 'a.png').exists()


def write_log(path: Path, records: list) -> Path:
    path.write_text('\n'.join(map(json.dumps, records)))
    return path


def training(step: int, loss: float) -> dict:
    return dict(
        loss=loss,
        loss_tne=loss,
        lr=0.1,
        epoch=1 + (step - 1) // 10,
        step=step)


def test_resumed_before_its_last_log(tmp_path: Path) -> None:
    """The run went back from step 25 to 20: each step is there once."""
    first = write_log(tmp_path / 'a.json', [
        training(10, 9.),
        training(20, 8.),
        training(25, 7.), {
            'audio_visual/ciou@0.5': 30.,
            'step': 2
        }
    ])
    second = write_log(tmp_path / 'b.json', [
        training(22, 6.),
        training(30, 5.), {
            'audio_visual/ciou@0.5': 40.,
            'step': 3
        }
    ])
    loss, score, _ = plot_training_curves([first, second],
                                          tmp_path / 'a.png').axes
    assert line(loss, 'total') == ([1, 2, 2.2, 3], [9, 8, 6, 5])
    assert line(score, 'audio-visual') == ([2, 3], [30, 40])


def test_several_runs(tmp_path: Path) -> None:
    """Their totals only; a baseline that all share is drawn once."""
    files = {}
    for place, name in enumerate(('one', 'two')):
        scores = {
            'audio_visual/ciou@0.5': 30. + place,
            'centre/ciou@0.5': 20.,
            'oracle_cap/ciou@0.5': 90. + place
        }
        files[name] = [
            write_log(tmp_path / f'{name}.json',
                      [training(10, 9. - place),
                       dict(scores, step=1)])
        ]
    loss, score, rate = plot_training_curves(files, tmp_path / 'a.png').axes
    assert [item.get_label() for item in loss.lines] == ['one', 'two']
    assert line(loss, 'two') == ([1], [8])
    labels = [item.get_label() for item in score.lines]
    assert labels == [
        'one, audio-visual', 'two, audio-visual', 'centre, sees no image',
        'cap of the half-image rule', 'cap of the half-image rule (two)'
    ]
    assert len(rate.lines) == 2


def test_other_metric(tmp_path: Path) -> None:
    """With the prefix that a second metric has, and its other maps."""
    path = write_log(tmp_path / 'a.json', [{
        'segmentation/audio_visual/miou': 31.,
        'segmentation/fused/miou': 33.,
        'segmentation/centre/miou': 20.,
        'audio_visual/ciou@0.5': 50.,
        'step': 4
    }])
    _, score, _ = plot_training_curves(path, tmp_path / 'a.png', 'miou').axes
    assert line(score, 'audio-visual') == ([4], [31])
    assert line(score, 'fused with object map') == ([4], [33])
    assert 'mIoU' in score.get_ylabel()
    with pytest.raises(ValueError, match='audio_visual/auc logged'):
        plot_training_curves(path, tmp_path / 'a.png', 'auc')
