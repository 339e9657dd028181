"""What tells early that a training goes wrong."""
import json
import os
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import torch
from mmengine.dist import all_gather_object, all_reduce, is_main_process
from mmengine.hooks import Hook, LoggerHook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from fnac_mm.registry import HOOKS
from ..health import LIMITS, feature_figures, list_warnings

DataBatch = Optional[Union[dict, tuple, list]]
FILE = 'non_finite.jsonl'


@HOOKS.register_module()
class TrainingHealthHook(Hook):
    """Watch loss, gradient, features, targets and the loader.

    A gradient that is not finite stops the training on all processes before
    the step is taken, a loss before anything is saved. The ids of the batch
    are appended to ``non_finite.jsonl`` in the work dir. With loss scaling
    (fp16) the gradient is left to the scaler, which skips what overflows.

    Every ``interval`` steps the log gets figures of the step's own features,
    as ``health/<name>``; those beyond a limit are a warning at the end of
    the epoch. Features are looked at if the model has a ``loss_module`` that
    is called with (visual (b, C, h, w), audio (b, C)); those of all processes
    if it has ``gather``. No weight depends on any of it. In the first steps
    features are alike in trainings that end well too: see ``grace``.

    The device is waited for once before each step, and for the figures once
    an interval.

    Args:
        interval (int, optional): Steps between figures. None (default):
            that of the ``LoggerHook``.
        limits (Mapping[str, float], optional): Thresholds by name, instead
            of those of :data:`fnac_mm.engine.health.LIMITS`.
        grace (int): Steps of a training in which features that are alike are
            no warning. Defaults to 200.
        on_non_finite (str): ``'stop'``, which is all there is.

    Raises:
        ValueError: If an argument is out of range.
    """

    # After IterTimerHook, before LoggerHook and checkpoints.
    priority = 'NORMAL'

    def __init__(self,
                 interval: Optional[int] = None,
                 limits: Optional[Mapping[str, float]] = None,
                 grace: int = 200,
                 on_non_finite: str = 'stop') -> None:
        if on_non_finite != 'stop':
            raise ValueError('on_non_finite must be \'stop\', got '
                             f'{on_non_finite!r}: no step is left out; take '
                             'the clips named in non_finite.jsonl off the '
                             'list and resume')
        if interval is not None and interval < 1:
            raise ValueError(f'interval must be at least 1, got {interval}')
        self.limits = dict(limits or {})
        unknown = sorted(set(self.limits) - set(LIMITS))
        if unknown:
            raise ValueError(f'limits: unknown {", ".join(unknown)}; known '
                             f'are {", ".join(LIMITS)}')
        self.interval = interval
        self.grace = grace
        self.figures: Dict[str, float] = {}
        self._ids: List[Any] = []
        self._due = False
        self._channels = 0
        self._features: Optional[Tuple[Tensor, Tensor]] = None
        self._grad_norm: Optional[Tensor] = None
        self._losses: Any = {}
        self._judged = False

    def before_train(self, runner: Runner) -> None:
        """Watch the optimizer and the loss.

        Raises:
            TypeError: If there is no single optimizer.
        """
        wrapper = runner.optim_wrapper
        if not isinstance(
                getattr(wrapper, 'optimizer', None), torch.optim.Optimizer):
            raise TypeError('the gradient can be watched of an '
                            f'{OptimWrapper.__name__} with one optimizer, got '
                            f'{type(wrapper).__name__}')
        self._handles: List[Any] = []
        if getattr(wrapper, 'loss_scaler', None) is None:
            self._handles.append(
                wrapper.optimizer.register_step_pre_hook(
                    partial(self._measure, runner)))
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        self._handles.append(model.register_forward_hook(self._remember))
        self._loss: Any = getattr(model, 'loss_module', None)
        if isinstance(self._loss, nn.Module):
            self._handles.append(
                self._loss.register_forward_pre_hook(self._look))
        if self.interval is None:
            self.interval = next(
                (h.interval
                 for h in runner.hooks if isinstance(h, LoggerHook)), 50)

    def before_train_iter(self,
                          runner: Runner,
                          batch_idx: int,
                          data_batch: DataBatch = None) -> None:
        """Remember whose step this is."""
        self._due = self.every_n_inner_iters(
            batch_idx, self.interval) or self.end_of_epoch(
                runner.train_dataloader, batch_idx)
        samples = data_batch.get('data_samples') \
            if isinstance(data_batch, dict) else None
        self._ids.extend(s.get('sample_id') for s in samples or [])

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: DataBatch = None,
                         outputs: Optional[dict] = None) -> None:
        """Judge the step; add the figures.

        Raises:
            FloatingPointError: If loss or gradient are not finite, on all
                processes alike.
        """
        # With a loss scaler, or where no step was taken, nobody did before.
        if not self._judged:
            self._judge(runner, {
                k: torch.as_tensor(v)
                for k, v in (outputs or {}).items()
            })
        if self._due:
            self._add_figures(runner, batch_idx)
        if runner.optim_wrapper.should_update():
            self._ids.clear()
        self._features, self._losses, self._judged = None, {}, False

    def after_train_epoch(self, runner: Runner) -> None:
        """Say once what is beyond its limit."""
        if not getattr(self._loss, 'auxiliary_enabled', True):
            # Logged, but nobody follows these targets yet.
            for name in ('flat_audio_targets', 'flat_visual_targets'):
                self.figures.pop(name, None)
        figures = dict(
            self.figures,
            channels=self._channels,
            workers=runner.train_dataloader.num_workers,
            cores=os.cpu_count() or 1)
        starting = runner.iter < self.grace
        for sentence in list_warnings(figures, self.limits, starting):
            runner.logger.warning(sentence)
        self.figures = {}

    def after_train(self, runner: Runner) -> None:
        """Leave model and optimizer as they were."""
        for handle in self._handles:
            handle.remove()

    def _remember(self, model: nn.Module, inputs: Any, outputs: Any) -> None:
        """Keep the losses, in case the gradient that they give is bad."""
        self._losses = outputs

    def _judge(self, runner: Runner, terms: Dict[str, Tensor]) -> None:
        """Stop all processes if a number is not finite in one."""
        if terms:
            finite = torch.stack([v.detach().double() for v in terms.values()
                                  ]).isfinite().all().float()
            all_reduce(finite, 'min')
            if not finite:
                self._refuse(runner, {k: v.item() for k, v in terms.items()})

    def _measure(self, runner: Runner, optimizer: torch.optim.Optimizer, *_:
                 Any) -> None:
        """Norm of the gradient, before the step that is taken with it."""
        self._grad_norm = nn.utils.get_total_norm([
            p.grad for group in optimizer.param_groups for p in group['params']
            if p.grad is not None
        ])
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        terms = model.parse_losses(self._losses)[1] if isinstance(
            self._losses, dict) and self._losses else {}
        self._judge(runner, dict(terms, gradient_norm=self._grad_norm))
        self._judged = bool(terms)

    def _look(self, module: nn.Module, inputs: Tuple[Tensor, ...]) -> None:
        """Keep the features of a step that is due, visual ones as means."""
        if self._due and len(inputs) == 2 and inputs[0].dim() == 4:
            visual, audio = (x.detach() for x in inputs)
            self._features = visual.mean(dim=(2, 3)), audio
            self._channels = audio.shape[1]

    def _add_figures(self, runner: Runner, batch_idx: int) -> None:
        """Find the figures, for the log and for the warnings."""
        hub = runner.message_hub
        self.figures = {} if self._features is None else feature_figures(
            *self._features, self._loss)
        if self._grad_norm is not None:
            self.figures['gradient_norm'] = float(self._grad_norm)
        scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
        if scaler is not None:
            self.figures['amp_scale'] = scaler.get_scale()
        # Workers start in the first step of an epoch.
        window = min(batch_idx, self.interval or batch_idx)
        if window and 'train/data_time' in hub.log_scalars:
            waited, total = (
                float(hub.get_scalar(f'train/{key}').mean(window))
                for key in ('data_time', 'time'))
            self.figures['loader_share'] = waited / max(total, 1e-9)
        for name, value in self.figures.items():
            hub.update_scalar(f'train/health/{name}', value)

    def _refuse(self, runner: Runner, terms: Dict[str, float]) -> None:
        """Write down whose step it was; raise FloatingPointError."""
        ids = [i for part in all_gather_object(self._ids) for i in part]
        texts = {name: str(value) for name, value in terms.items()}
        entry = dict(epoch=runner.epoch, step=runner.iter, ids=ids, **texts)
        path = Path(runner.work_dir) / FILE
        if is_main_process():
            try:
                with path.open('a', encoding='utf-8') as file:
                    file.write(json.dumps(entry) + '\n')
            except OSError as error:
                runner.logger.warning(f'{path}: not written ({error})')
        self.after_train(runner)
        raise FloatingPointError(
            f'loss or gradient of step {runner.iter} is not finite: {texts}, '
            f'samples {ids[:8]}{", ..." if ids[8:] else ""} (all in {path}); '
            'look at these files, lower the learning rate, or train without '
            '--amp fp16')
