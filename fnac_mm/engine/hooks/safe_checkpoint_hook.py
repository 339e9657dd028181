"""Checkpoints that are whole, hold data only and fit their model."""
import os
import os.path as osp
from collections import OrderedDict, deque
from functools import partial
from typing import Any, Callable, Dict, List, Optional

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS
from fnac_mm.utils import (check_weights, forget_foreign_paths,
                           load_plain_checkpoint, read_weights,
                           remove_unfinished)
from ..atomic_backend import AtomicLocalBackend, LateRemoval
from ..checkpoint_contents import find_readable, to_plain, unheeded_settings
from ..resumable_epoch_loop import record_position, restore_position

PREEMPTED = 'preempted.pth'


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's checkpoints, without loss, without code, without surprise.

    * A file appears under its name when it is whole and on the disk.
    * An old checkpoint, also the best one, is removed when the new one is
      there.
    * A checkpoint that can't be written (full disk, read-only folder) is a
      warning, and training goes on; the last one is tried again, and an
      error if it fails.
    * With ``by_epoch=False`` checkpoints are written every ``interval``
      steps, and resumed there (with :class:`ResumableEpochLoop`).
    * Files hold tensors and plain types only, and nothing else is loaded.
      (MMEngine 0.10 writes log buffers and NumPy scalars, which
      ``torch.load`` refuses. Left out are the smoothing windows of the log.)
    * Weights that don't fit the model are refused, and what a resumed run
      doesn't take from its config is said.

    Args:
        strict (bool): Raise if a checkpoint lacks keys of the model, has
            others, or other shapes. Defaults to True.
        backend_args (dict, optional): See MMEngine. None (default) is the
            local disk as above; other backends guarantee what they do.
        **kwargs: See :class:`mmengine.hooks.CheckpointHook`.
    """

    def __init__(self,
                 *args: Any,
                 strict: bool = True,
                 backend_args: Optional[dict] = None,
                 **kwargs: Any) -> None:
        if backend_args is None and '://' not in (kwargs.get('out_dir') or ''):
            backend_args = dict(backend='atomic_local')
        super().__init__(*args, backend_args=backend_args, **kwargs)
        self.strict = strict
        self.file_backend: Any = None
        self.last_ckpt: Optional[str] = None
        self._position: Optional[dict] = None
        self._unwritten: Optional[tuple] = None

    def before_run(self, runner: Runner) -> None:
        """Read the file to be loaded, so that an error names it.

        When the latest checkpoint of a work dir is asked for, a damaged one
        is passed over for the one before.

        Raises:
            FileNotFoundError: If it is a local path without a file.
            ValueError: If it carries code or is damaged.
        """
        # torch.hub, which loads addresses, would run what a file carries.
        os.environ.setdefault('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
        if runner._load_from is None and runner._resume:
            found = [
                find_readable(runner.work_dir) if is_main_process() else None
            ]
            broadcast_object_list(found)
            runner._load_from = found[0]
            runner._resume = found[0] is not None
        elif runner._load_from and '://' not in runner._load_from:
            load_plain_checkpoint(runner._load_from)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add where in the epoch it is written; plain values only."""
        checkpoint['epoch_position'] = self._position
        hub = checkpoint.get('message_hub')
        if hub is not None:
            # MMEngine warns of each key that is named and not there.
            info = hub['runtime_info']
            keys = {k: v for k, v in hub['resumed_keys'].items() if k in info}
            checkpoint['message_hub'] = dict(
                hub, log_scalars=OrderedDict(), resumed_keys=keys)
        for key, value in checkpoint.items():
            if key != 'state_dict':
                checkpoint[key] = to_plain(value)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the checkpoint with the model, before it is loaded.

        Raises:
            ValueError: If it has no weights or, when strict, they don't fit.
        """
        # MMEngine would execute a config of this key when it resumes.
        checkpoint.get('meta', {}).pop('config', None)
        position = checkpoint.pop('epoch_position', None)
        self._position = position if runner._resume else None
        forget_foreign_paths(checkpoint, runner.work_dir)
        state = read_weights(checkpoint, str(runner._load_from))
        unheeded = runner._resume and unheeded_settings(runner, checkpoint)
        if unheeded:
            runner.logger.warning(
                'settings of the config without effect, because a resumed '
                'training keeps optimizer and schedules of its checkpoint: '
                f'{"; ".join(unheeded)}. To change them begin anew, from its '
                'weights: --cfg-options load_from=...')
        if self.strict:
            model = runner.model
            model = model.module if is_model_wrapper(model) else model
            check_weights(model.state_dict(), state, str(runner._load_from))

    def before_train(self, runner: Runner) -> None:
        """Go on within the epoch, if that is where the checkpoint is from.

        Raises:
            TypeError: If the training loop can't do so.
            ValueError: If the epoch is another now, or the interval splits
                an accumulation of gradients.
        """
        super().before_train(runner)
        local = isinstance(self.file_backend, AtomicLocalBackend)
        if local and is_main_process():
            remove_unfinished(self.out_dir)
        self.file_backend = LateRemoval(self.file_backend)
        if self._position is not None:
            restore_position(runner, self._position)
        counts = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        steps = self.interval
        if self.by_epoch:
            steps *= len(runner.train_loop.dataloader)
        if steps > 0 and steps % counts:
            message = (
                f'a checkpoint every {steps} steps splits accumulations of '
                f'{counts} (optim_wrapper.accumulative_counts): the gradients '
                'of the unfinished one are lost when it is resumed')
            if not self.by_epoch:
                raise ValueError(message)
            runner.logger.warning(message)

    def _written(self, runner: Runner, name: str,
                 write: Callable[[], None]) -> bool:
        """Whether the main process could write; all processes agree."""
        problem: List[Optional[str]] = [None]
        try:
            write()
        except OSError as error:
            problem = [f'{type(error).__name__}: {error}']
        broadcast_object_list(problem)
        if problem[0] is not None:
            runner.logger.warning(
                f'{name} COULD NOT BE WRITTEN ({problem[0]}). Training goes '
                f'on; make room in {self.out_dir}.')
        return problem[0] is None

    def _write(self, runner: Runner, filename: str, meta: dict,
               last: str) -> None:
        """Write a checkpoint and, as MMEngine does, where the last one is."""
        runner.save_checkpoint(
            self.out_dir,
            filename,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=dict(meta),
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args)
        if is_main_process():
            AtomicLocalBackend().put_text(
                last, osp.join(runner.work_dir, 'last_checkpoint'))

    def _remove(self, runner: Runner, filenames: List[str]) -> None:
        """Remove checkpoints that newer ones have replaced."""
        if not is_main_process():
            return
        for name in filenames:
            self.file_backend.remove(
                self.file_backend.join_path(self.out_dir, name))
        self.file_backend.flush(keep=set())

    def _save_checkpoint_with_step(self, runner: Runner, step: int,
                                   meta: Dict[str, int]) -> None:
        """Write a checkpoint, then remove those that it makes superfluous."""
        self._position = record_position(runner)
        hub = runner.message_hub
        before = hub.runtime_info.get('keep_ckpt_ids', [])
        kept = [*(item for item in before if item != step), step]
        if self.max_keep_ckpts > 0:
            # With those to be removed: a resumed run removes them, if this
            # one gets killed before it does.
            hub.update_info('keep_ckpt_ids', kept)
        filename = self.filename_tmpl.format(step)
        path = self.file_backend.join_path(self.out_dir, filename)
        hub.update_info('last_ckpt', path)
        if not self._written(
                runner, filename,
                partial(self._write, runner, filename, meta, path)):
            self._unwritten = (step, meta)
            hub.update_info('keep_ckpt_ids', before)
            hub.update_info('last_ckpt', self.last_ckpt)
            return
        self.last_ckpt = path
        self._unwritten = None
        outdated: List[int] = []
        if self.max_keep_ckpts > 0:
            outdated = kept[:-self.max_keep_ckpts]
            self.keep_ckpt_ids = deque(kept[-self.max_keep_ckpts:])
            hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        self._remove(runner, [
            *(self.filename_tmpl.format(item) for item in outdated), PREEMPTED
        ])

    def save_preempted(self, runner: Runner) -> bool:
        """Write ``preempted.pth`` after the present step, if it can be.

        To be called by all processes in ``after_train_iter``. The next
        ordinary checkpoint removes it.
        """
        self._position = record_position(runner)
        meta = dict(epoch=runner.epoch, iter=runner.iter + 1)
        path = self.file_backend.join_path(self.out_dir, PREEMPTED)
        return self._written(
            runner, PREEMPTED,
            partial(self._write, runner, PREEMPTED, meta, path))

    @staticmethod
    def _best(runner: Runner) -> Dict[str, Any]:
        """What is known of the best checkpoints."""
        info = runner.message_hub.runtime_info
        return {key: info[key] for key in info if key.startswith('best_')}

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Write the best checkpoint, then remove the one before."""
        before = self._best(runner)
        self._position = None
        # Without a last checkpoint MMEngine does not write that again, which
        # is done below once all processes know that the best one is there.
        last, self.last_ckpt = self.last_ckpt, None
        written = self._written(
            runner, f'the best checkpoint, after step {runner.iter},',
            partial(super()._save_best_checkpoint, runner, metrics))
        self.last_ckpt = last
        if not written:
            self._forget_best(runner, before)
            return
        best = self._best(runner)
        if best == before:
            return
        self.file_backend.flush(keep=set(map(str, best.values())))
        if last is not None:
            self._save_checkpoint_with_step(
                runner, runner.epoch if self.by_epoch else runner.iter,
                dict(epoch=runner.epoch, iter=runner.iter))

    def _forget_best(self, runner: Runner, before: Dict[str, Any]) -> None:
        """Go back to the best checkpoint that there is."""
        self.file_backend.paths.clear()
        info = runner.message_hub.runtime_info
        for key in self._best(runner):
            del info[key]
        info.update(before)
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = before.get('best_ckpt')
        else:
            self.best_ckpt_path_dict = {
                key: before.get(f'best_ckpt_{key}')
                for key in self.key_indicators
            }

    def after_train(self, runner: Runner) -> None:
        """Try again to write what could not be written at the end.

        Raises:
            OSError: If it can't be written now either.
        """
        if self._unwritten is not None:
            self._save_checkpoint_with_step(runner, *self._unwritten)
        if self._unwritten is not None:
            raise OSError(
                f'training is done, but its last checkpoint could not be '
                f'written to {self.out_dir}; the last one there is '
                f'{self.last_ckpt}. Make room and go on with --resume.')
        super().after_train(runner)
