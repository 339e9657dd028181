"""Small real trainings that can be made ill, for tests of their guards."""
from pathlib import Path
from typing import Any, Dict, List, Optional

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from fnac_mm.engine import TrainingHealthHook
from fnac_mm.models import FNACLoss
from fnac_mm.structures import AVDataSample

BATCH = 4


class Clips(Dataset):
    """Sixteen clips; those of ``bad`` hold NaN."""

    def __init__(self, bad: tuple = (), count: int = 16) -> None:
        self.bad, self.count = bad, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict:
        generator = torch.Generator().manual_seed(index)
        inputs = torch.randn(6, 2, 2, generator=generator)
        if index in self.bad:
            inputs[0, 0, 0] = float('nan')
        sample = AVDataSample(metainfo=dict(sample_id=f'clip{index}'))
        return dict(inputs=inputs, data_samples=sample)


def collate(samples: List[dict]) -> dict:
    """A list of samples stays one."""
    return dict(
        inputs=torch.stack([s['inputs'] for s in samples]),
        data_samples=[s['data_samples'] for s in samples])


class ToyLocalizer(BaseModel):
    """One layer a modality, running statistics, the real loss."""

    def __init__(self, collapsed: bool = False, **loss: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.norm = nn.BatchNorm2d(6)
        self.image = nn.Conv2d(6, 8, 1)
        self.sound = nn.Linear(6, 8)
        self.loss_module = FNACLoss(**loss)
        self.collapsed = collapsed

    def forward(self,
                inputs: Tensor,
                data_samples: Optional[list] = None,
                mode: str = 'loss') -> Dict[str, Tensor]:
        """Losses of a batch."""
        inputs = self.norm(inputs)
        visual = F.normalize(self.image(inputs), dim=1)
        audio = F.normalize(self.sound(inputs.mean(dim=(2, 3))), dim=1)
        if self.collapsed:
            axis = F.one_hot(torch.tensor(0), 8).float()
            visual = axis[None, :, None, None] + 0 * visual
            audio = axis[None] + 0 * audio
        return self.loss_module(visual, audio)


class PoisonGradient(Hook):
    """Infinite gradient, finite loss, in one step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def before_train_iter(self, runner: Runner, **kwargs: Any) -> None:
        """From this step's backward pass."""
        if runner.iter == self.step:
            weight = next(runner.model.parameters())
            handle = weight.register_hook(
                lambda grad: handle.remove() or grad * float('inf'))


def build(work_dir: Path,
          bad: tuple = (),
          model: Optional[nn.Module] = None,
          epochs: int = 1,
          hooks: tuple = (),
          optim: Optional[dict] = None,
          watched: bool = True,
          **health: Any) -> Runner:
    """A runner of four steps an epoch, with the hook."""
    own = [TrainingHealthHook(**health)] if watched else []
    optim = dict(dict(optimizer=dict(type='Adam', lr=0.01)), **(optim or {}))
    loader: Any = DataLoader(Clips(bad), batch_size=BATCH, collate_fn=collate)
    return Runner(
        model=model or ToyLocalizer(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=optim,
        default_hooks=dict(
            checkpoint=None, logger=dict(type='LoggerHook', interval=2)),
        custom_hooks=[*own, *hooks],
        experiment_name=f'{work_dir.name}_{id(loader)}')


def weights(runner: Runner) -> Dict[str, Tensor]:
    """Copy of all weights and buffers."""
    return {k: v.clone() for k, v in runner.model.state_dict().items()}
