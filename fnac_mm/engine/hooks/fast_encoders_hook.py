"""Faster tests without a GPU."""
from contextlib import ExitStack
from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from fnac_mm.models.fast_encoders import fast_encoders
from fnac_mm.registry import HOOKS


@HOOKS.register_module()
class FastEncodersHook(Hook):
    """In tests on a processor, let the encoders work as faster copies.

    See :func:`fnac_mm.models.fast_encoders.fast_forward`. Features differ by
    roundings of float32, as they do between sizes of batches. Tests in mixed
    precision and compiled models are left as they are.

    Args:
        enable (bool): False leaves all encoders as they are. Defaults to
            True.
    """

    def __init__(self, enable: bool = True) -> None:
        self.enable = enable
        self._fast = ExitStack()

    def before_test(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Nothing is left of a test that was broken off."""
        self._fast.close()

    before_train = before_val = before_save_checkpoint = before_test

    def before_test_iter(self, runner: Runner, batch_idx: int, *args: Any,
                         **kwargs: Any) -> None:
        """Copy the encoders, whose weights are those of the test by now."""
        left_alone = (
            getattr(runner.test_loop, 'fp16', False)
            or runner.cfg.get('compile'))
        if batch_idx or left_alone or not self.enable:
            return
        model = runner.model
        copied = self._fast.enter_context(
            fast_encoders(model.module if is_model_wrapper(model) else model))
        if copied:
            runner.logger.info(
                f'fused copies work for {", ".join(copied)}; their features '
                'differ by roundings (default_hooks.fast_encoders.enable='
                'False leaves the encoders as they are)')

    def after_test_epoch(self, runner: Runner, *args: Any,
                         **kwargs: Any) -> None:
        """Let them work as themselves again."""
        self._fast.close()
