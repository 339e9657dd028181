"""Encoders that only predict, on a processor."""
import copy
from contextlib import contextmanager
from typing import Iterator, Optional, Tuple

import torch
from mmcv.cnn.utils import fuse_conv_bn
from torch import Tensor, nn

from .priors import ObjectPrior

# Samples at once: their activations stay in memory that is used again, while
# the C library gives tensors of over 32 MB back to the system each time.
PART = 8
# Of the largest feature: more than float32 rounds otherwise, less than an
# error would make.
TOLERANCE = 1e-4
# Pixels of the picture that is tried.
TRIAL = 64


class FastEncoder(nn.Module):
    """Encodes a few samples at a time, colours of a pixel side by side.

    Args:
        encoder (nn.Module): Maps (B, C, H, W) to a feature map or a sequence
            of them.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, inputs: Tensor) -> Tuple[Tensor]:
        """Encode.

        Args:
            inputs (Tensor): (B, C, H, W).

        Returns:
            tuple[Tensor]: The last feature map.
        """
        return (torch.cat([
            _last_map(self.encoder(part)) for part in inputs.contiguous(
                memory_format=torch.channels_last).split(PART)
        ]).contiguous(), )


def _last_map(maps: object) -> Tensor:
    last = maps[-1] if isinstance(maps, (tuple, list)) else maps
    assert isinstance(last, Tensor)
    return last


@torch.no_grad()
def fast_encoder(encoder: nn.Module) -> Optional[nn.Module]:
    """A copy that gives the same features faster.

    Normalisation is made part of the convolution before it, which mmcv does
    in the order of the modules; whether that is the order of the
    calculation, a trial tells. Features differ by roundings.

    Args:
        encoder (nn.Module): In evaluation mode, with weights.

    Returns:
        nn.Module | None: None if it is not on a processor, compiled, without
        a convolution, watched by a hook, or if its copy gives other features.
    """
    convolutions = [m for m in encoder.modules() if isinstance(m, nn.Conv2d)]
    watched = any(m._forward_hooks or m._forward_pre_hooks
                  for m in encoder.modules())
    if not convolutions or convolutions[0].weight.device.type != 'cpu' or \
            encoder.training or encoder._compiled_call_impl is not None or \
            watched:
        return None
    fused = fuse_conv_bn(copy.deepcopy(encoder))
    fast = FastEncoder(fused.to(memory_format=torch.channels_last)).eval()
    draw = torch.Generator().manual_seed(0)
    weight = convolutions[0].weight
    channels = weight.shape[1] * convolutions[0].groups
    trial = torch.randn(2, channels, TRIAL, TRIAL, generator=draw)
    expected = _last_map(encoder(trial.to(weight.dtype)))
    found = fast(trial.to(weight.dtype))[0]
    limit = TOLERANCE * float(expected.abs().max())
    if found.shape != expected.shape or \
            not float((found - expected).abs().max()) <= limit:
        return None
    return fast


@contextmanager
def fast_encoders(model: nn.Module) -> Iterator[None]:
    """Context in which a localizer has such copies in the place of encoders.

    Args:
        model (nn.Module): With ``image_encoder`` and ``audio_encoder``, and
            perhaps an :class:`ObjectPrior` as ``object_prior``.

    Yields:
        None: Outside the model is what it was before.
    """
    originals = {}
    for name in ('image_encoder', 'audio_encoder'):
        encoder = getattr(model, name, None)
        fast = None if encoder is None else fast_encoder(encoder)
        if fast is not None:
            originals[name] = encoder
            setattr(model, name, fast)
    prior = getattr(model, 'object_prior', None)
    classifier = None
    if isinstance(prior, ObjectPrior):
        if not prior.is_init:
            prior.init_weights()
        fast = fast_encoder(prior.classifier)
        if fast is not None:
            classifier = prior.replace_classifier(fast)
    try:
        yield
    finally:
        for name, encoder in originals.items():
            setattr(model, name, encoder)
        if isinstance(prior, ObjectPrior) and classifier is not None:
            prior.replace_classifier(classifier)
