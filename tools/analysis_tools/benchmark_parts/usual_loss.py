"""The FNAC loss the usual way: every similarity at once, plain autograd.

Shape legend: B pairs, C channels, (h, w) positions.
"""
from typing import Dict

import torch
import torch.nn.functional as F
from torch import Tensor

TERMS = ('contrastive', 'fns_audio', 'tne', 'fns_visual')
WEIGHTS = dict(contrastive=1, fns_audio=100, tne=100, fns_visual=100)


def total(losses: Dict[str, Tensor]) -> Tensor:
    """Weighted sum, as published.

    Args:
        losses (dict[str, Tensor]): The four terms.

    Returns:
        Tensor: Scalar.
    """
    return torch.stack([WEIGHTS[k] * losses[k] for k in TERMS]).sum()


def dense_losses(visual: Tensor,
                 audio: Tensor,
                 temperature: float = 0.03,
                 threshold: float = 0.6) -> Dict[str, Tensor]:
    """The four terms from all B x B x h x w similarities.

    Args:
        visual (Tensor): (B, C, h, w), unit length over C.
        audio (Tensor): (B, C), unit length.
        temperature (float): tau.
        threshold (float): Of the foreground.

    Returns:
        dict[str, Tensor]: Scalars by name.
    """
    scores = torch.einsum('nchw,mc->nmhw', visual, audio) / temperature
    logits = scores.flatten(2).max(dim=2)[0]
    target = torch.arange(len(audio), device=audio.device)
    own = scores[target, target].detach()
    del scores
    low = own.amin(dim=(1, 2), keepdim=True)
    high = own.amax(dim=(1, 2), keepdim=True)
    mask = ((own - low) / (high - low + 1e-5) > threshold).to(visual)
    foreground = (visual * mask[:, None]).mean(dim=(2, 3))
    pooled = visual.mean(dim=(2, 3))
    near_audio, near_visual, near_foreground = (
        F.softmax(x @ x.T / temperature, dim=1)
        for x in (audio, pooled, foreground))
    matching = F.softmax(logits, dim=1)
    return dict(
        contrastive=(F.cross_entropy(logits, target) +
                     F.cross_entropy(logits.T, target)),
        fns_audio=F.l1_loss(near_audio, matching),
        tne=F.l1_loss(near_audio, near_foreground),
        fns_visual=F.l1_loss(near_visual, matching))
