"""What in a picture looks like an object, whatever is heard."""
from typing import Callable, Optional, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from fnac_mm.functional import object_map
from fnac_mm.models.pretrained import is_pretrained, load_pretrained
from fnac_mm.registry import MODELS


@MODELS.register_module()
class ObjectPrior(BaseModule):
    """Object map of a frozen classifier (OGL of EZ-VSL).

    Its weights are fixed and public, so they are neither parameters nor part
    of any checkpoint; they are read at ``init_weights`` or at first use. The
    classifier follows the device and type of the model it belongs to.

    Args:
        backbone (dict): Config of a backbone with pretrained weights;
            published: ``mmpretrain.ResNet`` of depth 18 with
            ``torchvision://resnet18``.
        image_mean (Sequence[float]): Per channel (RGB), in 0..255, of the
            pictures it was trained with. Defaults to ImageNet's. The
            localizer hands it pictures normalised so, whatever its own
            encoder needs.
        image_std (Sequence[float]): The same. Defaults to ImageNet's.
        init_cfg (dict, optional): Defaults to None.

    Raises:
        ValueError: If the backbone has no pretrained weights.

    Examples:
        >>> config = dict(
        ...     type='ObjectPrior',
        ...     backbone=dict(
        ...         type='mmpretrain.ResNet',
        ...         depth=18,
        ...         init_cfg=dict(
        ...             type='Pretrained',
        ...             checkpoint='torchvision://resnet18')))
    """

    def __init__(self,
                 backbone: dict,
                 image_mean: Sequence[float] = (123.675, 116.28, 103.53),
                 image_std: Sequence[float] = (58.395, 57.12, 57.375),
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.image_normalization = tuple(image_mean), tuple(image_std)
        classifier = MODELS.build(backbone)
        if not is_pretrained(classifier):
            raise ValueError(
                'ObjectPrior needs trained weights: set '
                "backbone.init_cfg=dict(type='Pretrained', checkpoint=...)")
        classifier.eval()
        classifier.requires_grad_(False)
        # In a tuple it is no sub-module: no parameters, no state_dict.
        self._frozen = (classifier, )

    def init_weights(self) -> None:
        """Read the classifier's weights.

        Raises:
            RuntimeError: If they can't be downloaded; the message says how
                to give a local file.
            ValueError: If the file does not fit.
        """
        if not self._frozen[0].is_init:
            load_pretrained(self._frozen[0], 'model.object_prior.backbone')
        self.is_init = True

    def _apply(self,
               fn: Callable[[Tensor], Tensor],
               recurse: bool = True) -> 'ObjectPrior':
        """Moves and casts reach the classifier too."""
        self._frozen[0]._apply(fn, recurse)
        return super()._apply(fn, recurse)

    @torch.no_grad()
    def forward(self, image: Tensor) -> Tensor:
        """Objectness of every position.

        Args:
            image (Tensor): (B, 3, H, W), normalised as it needs them.

        Returns:
            Tensor: (B, h, w), without gradient.
        """
        if not self.is_init:
            self.init_weights()
        features = self._frozen[0](image)
        return object_map(features[-1])
