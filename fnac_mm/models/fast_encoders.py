"""Encoders that only predict, on a processor."""
import copy
from contextlib import ExitStack, contextmanager
from typing import Callable, Iterator, List, Optional, Tuple

import torch
from mmcv.cnn.utils import fuse_conv_bn
from mmpretrain.models.backbones import ResNet
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .priors import ObjectPrior

Maps = Tuple[Tensor, ...]

# Samples at once: their activations stay in memory that is used again, while
# the C library gives tensors of over 32 MB back to the system each time.
PART = 8
# Of the largest feature: more than float32 rounds otherwise, less than an
# error would make.
TOLERANCE = 1e-4
# Pixels of the picture that is tried.
TRIAL = 64


def _is_known(encoder: nn.Module) -> bool:
    """Whether this is a network whose normalisations can be fused."""
    modules = list(encoder.modules())
    norms = [m for m in modules if isinstance(m, _BatchNorm)]
    return (type(encoder) is ResNet
            and all(p.device.type == 'cpu' and p.dtype == torch.float32
                    for p in encoder.parameters())
            and all(m.weight is not None and m.running_var is not None
                    for m in norms) and not any(m._compiled_call_impl
                                                for m in modules)
            # What watches or changes a layer would miss the fused one.
            and not any(m._forward_hooks or m._forward_pre_hooks
                        for m in modules[1:]))


@torch.no_grad()
def fast_forward(encoder: nn.Module) -> Optional[Callable[[Tensor], Maps]]:
    """The forward pass of a copy that gives the same features faster.

    Each normalisation is part of the convolution before it, the colours of a
    pixel stand side by side, and few samples are encoded at a time. Features
    differ by roundings.

    Args:
        encoder (nn.Module): In evaluation mode, with weights.

    Returns:
        Callable | None: From (B, C, H, W) to feature maps. None if the
        encoder is not mmpretrain's ResNet in float32 on a processor, is
        compiled or watched by hooks, or if the copy gives other features.
    """
    if encoder.training or not _is_known(encoder):
        return None
    fast = copy.deepcopy(encoder)

    def forward(inputs: Tensor) -> Maps:
        parts = inputs.contiguous(memory_format=torch.channels_last)
        maps = [fast.forward(part) for part in parts.split(PART)]
        return tuple(torch.cat(x).contiguous() for x in zip(*maps))

    first = next(m for m in encoder.modules() if isinstance(m, nn.Conv2d))
    draw = torch.Generator().manual_seed(0)
    trial = torch.randn(
        PART + 1, first.in_channels, TRIAL, TRIAL, generator=draw)
    expected = fast.forward(trial)
    fast = fuse_conv_bn(fast).to(memory_format=torch.channels_last)
    for x, y in zip(expected, forward(trial)):
        limit = TOLERANCE * float(x.abs().max())
        if not 0 < limit or not float((x - y).abs().max()) <= limit:
            return None
    return forward


@contextmanager
def fast_encoders(model: nn.Module) -> Iterator[List[str]]:
    """Context in which the encoders of a localizer work as their copies.

    Modules, parameters and buffers stay what they are.

    Args:
        model (nn.Module): With ``image_encoder`` and ``audio_encoder``, and
            perhaps an :class:`ObjectPrior` as ``object_prior``.

    Yields:
        list[str]: Which of them do; outside all work as before.
    """
    encoders = {
        name: getattr(model, name)
        for name in ('image_encoder', 'audio_encoder') if hasattr(model, name)
    }
    prior = getattr(model, 'object_prior', None)
    if isinstance(prior, ObjectPrior):
        if not prior.is_init:
            prior.init_weights()
        encoders['object_prior'] = prior.classifier
    copied = []
    with ExitStack() as stack:
        for name, encoder in encoders.items():
            forward = fast_forward(encoder)
            if forward is not None:
                encoder.forward = forward
                stack.callback(delattr, encoder, 'forward')
                copied.append(name)
        yield copied
