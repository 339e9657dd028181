"""When the FNAC terms count."""
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS
from .randomness_hook import require_epochs


@HOOKS.register_module()
class LossWarmupHook(Hook):
    """Train with the contrastive term alone for the first epochs.

    Switches every module of the model that has ``set_auxiliary(bool)``; in a
    model without one there is nothing to warm up. The published schedule is
    5 of 30 epochs.

    Args:
        warmup_epochs (int): Epochs without the FNAC terms. Defaults to 5.

    Raises:
        ValueError: If ``warmup_epochs`` is negative.
    """

    def __init__(self, warmup_epochs: int = 5) -> None:
        if warmup_epochs < 0:
            raise ValueError(
                f'warmup_epochs must not be negative, got {warmup_epochs}')
        self.warmup_epochs = warmup_epochs

    def before_train(self, runner: Runner) -> None:
        """Refuse training by iterations, if there is something to switch.

        Raises:
            TypeError: If training is not by epochs.
        """
        if self._switchable(runner):
            require_epochs(runner, type(self).__name__)

    def before_train_epoch(self, runner: Runner) -> None:
        """Switch the FNAC terms on once the warm-up is over."""
        for module in self._switchable(runner):
            module.set_auxiliary(runner.epoch >= self.warmup_epochs)

    @staticmethod
    def _switchable(runner: Runner) -> list:
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        return [m for m in model.modules() if hasattr(m, 'set_auxiliary')]
