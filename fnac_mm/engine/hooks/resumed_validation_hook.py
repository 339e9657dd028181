"""The validation that a kill has cut off."""
from typing import Dict, Optional

from mmengine.hooks import Hook, SyncBuffersHook
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS

_KEY = 'validated_epoch'


@HOOKS.register_module()
class ResumedValidationHook(Hook):
    """Validate the epoch that a run is resumed from, if that was due.

    MMEngine saves an epoch before it validates it. A run killed in between
    would never score that epoch, and might keep another one as the best.
    """

    # After CheckpointHook has taken up the best score so far.
    priority = 'VERY_LOW'

    def before_train(self, runner: Runner) -> None:
        """Validate before the first new epoch."""
        loop = runner.train_loop
        if runner.val_loop is None or runner.epoch == 0 \
                or getattr(loop, 'batches_done', 0):
            return
        due = (
            runner.epoch >= loop.val_begin
            and runner.epoch % loop.val_interval == 0)
        done = runner.message_hub.runtime_info.get(_KEY)
        if due and done != runner.epoch:
            runner.logger.info(
                f'validating epoch {runner.epoch}, from which this run is '
                'resumed')
            for hook in runner.hooks:
                if isinstance(hook, SyncBuffersHook):
                    # The checkpoint's buffers are means; those of three
                    # equal numbers need not be that number.
                    hook.called_in_train = True
            runner.val_loop.run()

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[Dict[str, float]] = None) -> None:
        """Remember what is validated."""
        runner.message_hub.update_info(_KEY, runner.epoch)
