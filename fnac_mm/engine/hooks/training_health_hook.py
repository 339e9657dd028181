"""What tells early that a training goes wrong."""
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import torch
from mmengine.dist import all_gather_object, get_world_size, is_main_process
from mmengine.hooks import Hook, LoggerHook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from fnac_mm.registry import HOOKS
from ..finite_step_guard import FiniteStepGuard
from ..health import LIMITS, feature_figures, list_warnings, memory_figures

DataBatch = Optional[Union[dict, tuple, list]]
ACTIONS = ('stop', 'skip')
FILE = 'non_finite.jsonl'


@HOOKS.register_module()
class TrainingHealthHook(Hook):
    """Watch loss, gradient, features, targets, speed and memory.

    A loss or gradient that is not finite stops the training on all processes
    (``FloatingPointError``), or its step is left out. The ids of the batch
    are appended to ``non_finite.jsonl`` in the work dir. The check of the
    model itself (``check_finite``) is off while it trains.

    Every ``interval`` steps the log gets figures of the step's own features,
    as ``health/<name>``; those beyond a limit are a warning at the end of
    the epoch. Features are looked at if the model has a ``loss_module`` that
    is called with (visual (b, C, h, w), audio (b, C)); those of all processes
    if it has ``gather``. No weight depends on any of it. In the first steps
    features are alike in trainings that end well too: see ``grace``.

    Costs: ``'stop'`` waits for the device only where MMEngine has just done
    so to log the loss; the figures wait once an interval; ``'skip'`` waits
    once a step, which is why it is not the default.

    Args:
        on_non_finite (str): ``'stop'`` (default) or ``'skip'``: weights,
            optimizer and running statistics stay as before the step.
        max_skipped (int): Steps that may be left out in a training, also
            one that is resumed; the next one stops it. Defaults to 10.
        interval (int, optional): Steps between figures. None (default):
            that of the ``LoggerHook``.
        limits (Mapping[str, float], optional): Thresholds by name, instead
            of those of :data:`fnac_mm.engine.health.LIMITS`.
        grace (int): Steps of a training in which features that are alike are
            no warning. Defaults to 200.

    Raises:
        ValueError: If an argument is out of range.
    """

    # After IterTimerHook, before LoggerHook and checkpoints.
    priority = 'NORMAL'

    def __init__(self,
                 on_non_finite: str = 'stop',
                 max_skipped: int = 10,
                 interval: Optional[int] = None,
                 limits: Optional[Mapping[str, float]] = None,
                 grace: int = 200) -> None:
        if on_non_finite not in ACTIONS or max_skipped < 0:
            raise ValueError(
                f'on_non_finite must be one of {ACTIONS} and max_skipped not '
                f'negative, got {on_non_finite!r} and {max_skipped}')
        if interval is not None and interval < 1:
            raise ValueError(f'interval must be at least 1, got {interval}')
        self.limits = dict(limits or {})
        unknown = sorted(set(self.limits) - set(LIMITS))
        if unknown:
            raise ValueError(f'limits: unknown {", ".join(unknown)}; known '
                             f'are {", ".join(LIMITS)}')
        self.skip = on_non_finite == 'skip'
        self.max_skipped = max_skipped
        self.interval = interval
        self.grace = grace
        self.figures: Dict[str, float] = {}
        self._ids: List[Any] = []
        self._due = False
        self._channels = 0
        self._features: Optional[Tuple[Tensor, Tensor]] = None
        self._first_memory: Optional[float] = None

    def before_train(self, runner: Runner) -> None:
        """Watch the optimizer and the loss.

        Raises:
            TypeError: If there is no single optimizer.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        self._guard = FiniteStepGuard(runner.optim_wrapper, model, self.skip)
        self._relieved = [
            m for m in model.modules() if getattr(m, 'check_finite', False)
        ]
        for module in self._relieved:
            module.check_finite = False
        self._loss: Any = getattr(model, 'loss_module', None)
        if isinstance(self._loss, nn.Module):
            self._handle = self._loss.register_forward_pre_hook(self._look)
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
        self._ids.append([s.get('sample_id') for s in samples or []])
        self._guard.begin()

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
        updated = runner.optim_wrapper.should_update()
        if self._guard.take():
            self._not_finite(runner, outputs or {})
        elif self._due:
            self._add_figures(runner, batch_idx, len(self._ids[-1]))
        if updated:
            self._ids.clear()
        self._features = None

    def after_train_epoch(self, runner: Runner) -> None:
        """Say once what is beyond its limit."""
        memory = self.figures.get('memory_now_mb')
        if memory is not None:
            self._first_memory = self._first_memory or memory
            self.figures['memory_growth'] = memory / self._first_memory - 1
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
        self._detach()

    def _detach(self) -> None:
        self._guard.detach()
        for module in self._relieved:
            module.check_finite = True
        if isinstance(self._loss, nn.Module):
            self._handle.remove()

    def _look(self, module: nn.Module, inputs: Tuple[Tensor, ...]) -> None:
        """Keep the features of a step that is due, visual ones as means."""
        if self._due and len(inputs) == 2 and inputs[0].dim() == 4:
            visual, audio = (x.detach() for x in inputs)
            self._features = visual.mean(dim=(2, 3)), audio
            self._channels = audio.shape[1]

    def _add_figures(self, runner: Runner, batch_idx: int, rows: int) -> None:
        """Find the figures, for the log and for the warnings."""
        hub = runner.message_hub
        self.figures = memory_figures()
        if self._features is not None:
            self.figures.update(feature_figures(*self._features, self._loss))
        if self._guard.grad_norm is not None:
            self.figures['gradient_norm'] = float(self._guard.grad_norm)
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
            self.figures['clips_per_second'] = (
                rows * get_world_size() / max(total, 1e-9))
        for name, value in self.figures.items():
            if name != 'memory_now_mb':
                hub.update_scalar(f'train/health/{name}', value)

    def _not_finite(self, runner: Runner, outputs: Dict[str, Any]) -> None:
        """Write down whose step it was; raise, or go on without it."""
        terms = {k: str(torch.as_tensor(v).item()) for k, v in outputs.items()}
        norm = self._guard.grad_norm
        if norm is not None:
            terms['gradient_norm'] = str(float(norm))
        ids = [
            i for part in all_gather_object(self._ids) for batch in part
            for i in batch
        ]
        entry = dict(epoch=runner.epoch, step=runner.iter, ids=ids, **terms)
        path = Path(runner.work_dir) / FILE
        self._append(path, entry, runner)
        info = runner.message_hub.runtime_info
        skipped = info.get('skipped_steps', 0) + self.skip
        said = (f'loss or gradient of step {runner.iter} is not finite: '
                f'{terms}, samples {ids[:8]}{", ..." if ids[8:] else ""} '
                f'(all in {path})')
        if not self.skip or skipped > self.max_skipped:
            limit = f', {skipped} steps in all, max_skipped=' \
                f'{self.max_skipped}' if self.skip else ''
            self._detach()
            raise FloatingPointError(
                f'{said}{limit}; look at these files, lower the learning '
                'rate, or train without --amp fp16')
        runner.message_hub.update_info('skipped_steps', skipped)
        runner.logger.warning(
            f'{said}; the step is left out, {skipped} of at most '
            f'{self.max_skipped}')

    @staticmethod
    def _append(path: Path, entry: Dict[str, Any], runner: Runner) -> None:
        """A line more; a full disk does not change what happens next."""
        if not is_main_process():
            return
        try:
            with path.open('a', encoding='utf-8') as file:
                file.write(json.dumps(entry) + '\n')
        except OSError as error:
            runner.logger.warning(f'{path}: not written ({error}): {entry}')
