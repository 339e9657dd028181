"""The FNAC objective as a module."""
from typing import Any, Dict, Optional

from torch import Tensor

from fnac_mm.functional import fnac_losses
from fnac_mm.registry import MODELS
from fnac_mm.utils import world_size
from .global_batch_loss import Gather, GlobalBatchLoss


@MODELS.register_module()
class FNACLoss(GlobalBatchLoss):
    """Weighted terms of :func:`fnac_mm.functional.fnac_losses`.

    False Negative Aware Contrastive learning, `CVPR 2023
    <https://arxiv.org/abs/2303.11302>`_. Computed in float32 at least, also
    under autocast. All weights 100 and ``set_auxiliary(False)`` for the
    first epochs is the published schedule; the contrastive term alone is
    EZ-VSL.

    Args:
        temperature (float): tau. Defaults to 0.03.
        foreground_threshold (float): Of the TNE term. Defaults to 0.6.
        contrastive_weight (float): Defaults to 1.
        fns_audio_weight (float): Defaults to 100.
        tne_weight (float): Defaults to 100.
        fns_visual_weight (float): Defaults to 100.
        normalize (bool): See :func:`fnac_losses`. Published: False.
        detach_targets (bool): See :func:`fnac_losses`. Published: False.
        gather (bool): Contrast over the batch of all processes, so that loss
            and gradient don't depend on their number. False contrasts in
            each process, as the published code does. Defaults to True.
        reference_batch_size (int, optional): Each of the last three terms is
            at most 2 / B, so that a weight belongs to a batch size (the
            published ones to 256). If given, the three weights are
            multiplied by B / ``reference_batch_size``, which keeps their
            strength. Defaults to None.

    Attributes:
        auxiliary_enabled (bool): Whether the last three terms count. While
            they don't, they are not returned either.

    Raises:
        ValueError: If ``temperature`` or ``reference_batch_size`` is not
            positive.
    """

    def __init__(self,
                 temperature: float = 0.03,
                 foreground_threshold: float = 0.6,
                 contrastive_weight: float = 1.0,
                 fns_audio_weight: float = 100.0,
                 tne_weight: float = 100.0,
                 fns_visual_weight: float = 100.0,
                 normalize: bool = False,
                 detach_targets: bool = False,
                 gather: bool = True,
                 reference_batch_size: Optional[int] = None) -> None:
        super().__init__(gather)
        if temperature <= 0:
            raise ValueError(
                f'temperature must be positive, got {temperature}')
        if reference_batch_size is not None and reference_batch_size < 1:
            raise ValueError('reference_batch_size must be at least 1, got '
                             f'{reference_batch_size}')
        self.options: Dict[str, Any] = dict(
            temperature=temperature,
            foreground_threshold=foreground_threshold,
            normalize=normalize,
            detach_targets=detach_targets)
        self.contrastive_weight = contrastive_weight
        self.auxiliary_weights = dict(
            fns_audio=fns_audio_weight,
            tne=tne_weight,
            fns_visual=fns_visual_weight)
        self.reference_batch_size = reference_batch_size
        self.auxiliary_enabled = True

    def set_auxiliary(self, enabled: bool) -> None:
        """Switch the terms beyond the contrastive one on or off."""
        self.auxiliary_enabled = enabled

    def _weights(self, rows: int) -> Dict[str, float]:
        """Weight of each term that counts, for b rows per process."""
        weights = dict(contrastive=self.contrastive_weight)
        if not self.auxiliary_enabled:
            return weights
        scale = 1.0
        if self.reference_batch_size is not None:
            processes = world_size() if self.gather else 1
            scale = rows * processes / self.reference_batch_size
        for name, weight in self.auxiliary_weights.items():
            weights[name] = weight * scale
        return weights

    def terms(self, visual: Tensor, audio: Tensor, gather: Gather,
              row_offset: int) -> Dict[str, Tensor]:
        """See :class:`GlobalBatchLoss`.

        Those beyond ``contrastive`` are absent while they are switched off.
        """
        terms = fnac_losses(
            visual,
            audio,
            **self.options,
            gather=gather,
            row_offset=row_offset)
        weights = self._weights(len(audio))
        return {name: w * terms[name] for name, w in weights.items()}
