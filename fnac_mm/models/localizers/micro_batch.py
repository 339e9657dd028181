"""Embedding a batch that does not fit into memory.

Gradient caching: features first, without what the backward pass needs; the
loss on all of them; then, part by part, the features once more and the
backward pass with the gradients that the loss gave them.
"""
from contextlib import contextmanager, nullcontext
from typing import Callable, ContextManager, Iterator, Tuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@contextmanager
def kept_buffers(module: nn.Module) -> Iterator[None]:
    """Context in which a module changes copies of its buffers only."""
    owners = [m for m in module.modules() if m._buffers]
    originals = [dict(m._buffers) for m in owners]
    try:
        for owner in owners:
            for name, value in owner._buffers.items():
                owner._buffers[name] = None if value is None \
                    else value.clone()
        yield
    finally:
        for owner, buffers in zip(owners, originals):
            owner._buffers.update(buffers)


def encode_in_parts(encode: Callable[[Tensor], Tensor], module: nn.Module,
                    inputs: Tensor, size: int) -> Tensor:
    """Encode a few rows at a time; keep no more than the features.

    The backward pass encodes each part again, from the last to the first,
    with the random draws of the first time (CPU and GPU), and leaves running
    statistics as the first time left them. It is one backward pass: loss
    scaling, gradient accumulation and DistributedDataParallel see a step
    like any other. Method: `Scaling Deep Contrastive Learning Batch Size
    under Memory Limited Setup <https://arxiv.org/abs/2101.06983>`_.

    Args:
        encode (Callable): Maps (n, ...) to features (n, ...), by ``module``.
        module (nn.Module): The encoder.
        inputs (Tensor): (B, ...).
        size (int): Rows of a part; the last one may have fewer.

    Returns:
        Tensor: Features (B, ...).
    """

    def contexts() -> Tuple[ContextManager, ContextManager]:
        return nullcontext(), kept_buffers(module)

    return torch.cat([
        checkpoint(encode, part, use_reentrant=False, context_fn=contexts)
        for part in inputs.split(size)
    ])
