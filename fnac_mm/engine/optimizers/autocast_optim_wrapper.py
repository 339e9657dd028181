"""Mixed precision without loss scaling."""
from contextlib import contextmanager
from typing import Iterator

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn

from fnac_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Forward pass under autocast to bfloat16, on a GPU or a processor.

    bfloat16 has the range of float32, so the loss is not scaled and
    checkpoints hold no scaler: runs in float32 go on from them and the other
    way round. MMEngine's ``AmpOptimWrapper`` needs a GPU.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, and no gradient synchronisation while accumulating.

        Args:
            model (nn.Module): The model, or its wrapper.

        Yields:
            None: For the forward pass.
        """
        with super().optim_context(model), torch.autocast(
                get_device(), dtype=torch.bfloat16):
            yield
