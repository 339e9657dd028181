"""Figures of a training step, and from which of them on it is ill."""
from typing import Any, Dict, List, Mapping, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from fnac_mm.functional import effective_rank, flat_row_share, uniformity
from fnac_mm.utils import gather_rows


@torch.no_grad()
def feature_figures(visual: Tensor, audio: Tensor,
                    loss: Any) -> Dict[str, float]:
    """Rank, uniformity, and FNAC targets that say nothing.

    Waits for the device once.

    Args:
        visual (Tensor): (b, C), means over positions, of this process.
        audio (Tensor): (b, C).
        loss (Any): Module of the loss. ``gather``: whether it contrasts over
            all processes, which all have to call this then; ``options``: its
            ``temperature`` and ``normalize``, if it has such targets.

    Returns:
        dict[str, float]: By name; none of a single row or of features that
        are not finite.
    """
    if getattr(loss, 'gather', False):
        visual, audio = gather_rows(visual), gather_rows(audio)
    if len(audio) < 2 or not (visual.sum() + audio.sum()).isfinite():
        return {}
    found = dict(
        audio_rank=effective_rank(audio),
        visual_rank=effective_rank(visual),
        audio_uniformity=uniformity(audio),
        visual_uniformity=uniformity(visual))
    options = getattr(loss, 'options', {})
    if 'temperature' in options:
        tau = options['temperature']
        if options.get('normalize'):
            visual = F.normalize(visual, dim=1)
        found.update(
            flat_audio_targets=flat_row_share(audio, audio, tau),
            flat_visual_targets=flat_row_share(visual, visual, tau))
    return dict(zip(found, torch.stack([*found.values()]).tolist()))


class Limit(NamedTuple):
    """When a figure is a warning."""

    value: float
    above: bool  # whether the warning is for larger figures
    text: str  # in which {figure}, {limit} and figures by name are filled in
    usual_at_first: bool = False  # in trainings that end well too


_COLLAPSE = ('The encoders are collapsing: lower the learning rate, look at '
             'the loss weights, or begin from pretrained weights')
_WARM = ('Switch the FNAC terms on later (LossWarmupHook.warmup_epochs) or '
         'lower the temperature')


def _rank(name: str) -> Limit:
    return Limit(
        4, False, f'The {name} features span only {{figure:.1f}} of '
        f'{{channels}} directions (limit {{limit:g}}). {_COLLAPSE}', True)


def _uniformity(name: str) -> Limit:
    return Limit(
        -0.5, True, f'The {name} features are nearly the same for all clips: '
        f'uniformity {{figure:.2f}}, above {{limit:g}}. {_COLLAPSE}', True)


def _flat(name: str, remedy: str) -> Limit:
    return Limit(
        0.5, True, f'{{figure:.0%}} of the rows of the {name} FNAC targets '
        'are nearly uniform: they do not say which clips are alike. '
        f'{remedy}')


LIMITS: Dict[str, Limit] = dict(
    audio_rank=_rank('audio'),
    visual_rank=_rank('visual'),
    audio_uniformity=_uniformity('audio'),
    visual_uniformity=_uniformity('visual'),
    flat_audio_targets=_flat('audio', _WARM),
    flat_visual_targets=_flat('visual',
                              f'{_WARM}, or set normalize=True of FNACLoss'),
    amp_scale=Limit(
        1, False, 'The loss scale has sunk to {figure:g}: fp16 gradients '
        'overflow again and again and steps are left out. Train with '
        '--amp bf16 or in float32'),
    loader_share=Limit(
        0.2, True, 'The loader is the limit: {figure:.0%} of the time of a '
        'step is spent waiting for data. Raise train_dataloader.num_workers '
        '({workers} now, {cores} cores), use a faster disk or pack the data '
        'set (docs/speed.md)'))


def list_warnings(figures: Mapping[str, float], limits: Mapping[str, float],
                  starting: bool) -> List[str]:
    """Sentences about figures beyond their limits, or beyond those given.

    ``starting``: whether these are still the first steps.
    """
    found = []
    for name, limit in LIMITS.items():
        if name not in figures or (starting and limit.usual_at_first):
            continue
        figure, value = figures[name], limits.get(name, limit.value)
        if figure > value if limit.above else figure < value:
            found.append(
                limit.text.format(**figures, figure=figure, limit=value) +
                '; see docs/health.md')
    return found
