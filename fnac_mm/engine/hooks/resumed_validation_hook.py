"""The validation that a kill has cut off."""
import os.path as osp
from pathlib import Path
from typing import Any, Dict, Optional

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import Hook, SyncBuffersHook
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS
from fnac_mm.utils import write_atomically

# In the work dir: the checkpoint whose validation is done.
FILE = 'validated.txt'


@HOOKS.register_module()
class ResumedValidationHook(Hook):
    """Validate the epoch that a run is resumed from, if that was cut off.

    MMEngine saves an epoch before it validates it. A run killed in between
    would never score that epoch, and might keep another one as the best.
    """

    # After CheckpointHook has taken up the best score so far.
    priority = 'VERY_LOW'

    def before_train(self, runner: Runner) -> None:
        """Validate before the first new epoch."""
        loop, epoch = runner.train_loop, runner.epoch
        validated = self._is_validated(runner)
        if runner.val_loop is None or epoch == 0 \
                or getattr(loop, 'batches_done', 0):
            return
        due = epoch >= loop.val_begin and (epoch % loop.val_interval == 0
                                           or epoch == loop.max_epochs)
        # The checkpoint's schedules have not heard of the score.
        schedulers: Any = runner.param_schedulers or ()
        follow = any(getattr(s, 'need_val_args', False) for s in schedulers)
        if due and (follow or not validated):
            runner.logger.info(
                f'validating epoch {epoch}, from which this run is resumed')
            for hook in runner.hooks:
                if isinstance(hook, SyncBuffersHook):
                    # The checkpoint's buffers are means; that of three
                    # equal numbers need not be that number.
                    hook.called_in_train = True
            runner.val_loop.run()

    @staticmethod
    def _is_validated(runner: Runner) -> bool:
        """Whether that of the loaded checkpoint is done; forgets others."""
        found = [False]
        if is_main_process():
            path = Path(runner.work_dir) / FILE
            loaded = osp.realpath(runner._load_from or '')
            found = [path.is_file() and path.read_text() == loaded]
            if not found[0]:
                path.unlink(missing_ok=True)
        broadcast_object_list(found)
        return found[0]

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[Dict[str, float]] = None) -> None:
        """Note down of which checkpoint the validation is done."""
        saved = runner.message_hub.runtime_info.get('last_ckpt')
        if saved is None or not is_main_process():
            return
        try:
            write_atomically(Path(runner.work_dir) / FILE, osp.realpath(saved))
        except OSError as error:
            runner.logger.warning(f'{FILE}: not written ({error})')
