"""Faster tests without a GPU."""
from contextlib import ExitStack

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from fnac_mm.models.fast_encoders import fast_encoders
from fnac_mm.registry import HOOKS


@HOOKS.register_module()
class FastEncodersHook(Hook):
    """Test on a processor with copies of the encoders that are faster.

    They fuse normalisations with convolutions, keep the colours of a pixel
    side by side and take a few samples at a time. Features differ by
    roundings of float32, as they do between sizes of batches. Encoders on a
    GPU, compiled ones and those whose copies would give other features are
    left as they are.
    """

    def __init__(self) -> None:
        self._replaced = ExitStack()

    def before_test(self, runner: Runner) -> None:
        """Put in the copies."""
        model = runner.model
        self._replaced.enter_context(
            fast_encoders(model.module if is_model_wrapper(model) else model))

    def after_test(self, runner: Runner) -> None:
        """Take them out."""
        self._replaced.close()
