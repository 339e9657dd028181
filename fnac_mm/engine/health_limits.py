"""From which figure on a training is ill, and what to do about it."""
from typing import Dict, List, Mapping, NamedTuple


class Limit(NamedTuple):
    """When a figure is a warning.

    Args:
        value (float): Threshold.
        above (bool): Whether the warning is for larger figures.
        text (str): Sentence, in which ``{figure}``, ``{limit}`` and
            any figure by its name are filled in.
    """

    value: float
    above: bool
    text: str


_COLLAPSE = ('The encoders are collapsing: lower the learning rate, look at '
             'the loss weights, or begin from pretrained weights')
_WARM = ('Switch the FNAC terms on later (LossWarmupHook.warmup_epochs) or '
         'lower the temperature')


def _rank(name: str) -> Limit:
    return Limit(
        4, False, f'The {name} features span only {{figure:.1f}} of '
        f'{{channels}} directions (limit {{limit:g}}). {_COLLAPSE}')


def _uniformity(name: str) -> Limit:
    return Limit(
        -0.5, True, f'The {name} features are nearly the same for all clips: '
        f'uniformity {{figure:.2f}}, above {{limit:g}}. {_COLLAPSE}')


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
    alignment=Limit(
        1.8, True, 'Pictures are hardly closer to their own sounds than '
        'perpendicular features (distance {figure:.2f}, that would be 2): '
        'nothing has been learnt yet. Check that frames and sounds belong '
        'together and that the learning rate is not too low'),
    flat_audio_targets=_flat('audio', _WARM),
    flat_visual_targets=_flat('visual',
                              f'{_WARM}, or set normalize=True of FNACLoss'),
    amp_scale=Limit(
        1, False, 'The loss scale has sunk to {figure:g}: fp16 gradients '
        'overflow again and again and steps are left out. Train with '
        '--amp bf16 or in float32'),
    memory_growth=Limit(
        0.5, True, 'This process holds {figure:.0%} more memory than at the '
        'end of its first epoch ({memory_now_mb:.0f} MB now): something is '
        'kept that should not be. Look at your own hooks and transforms'))


def list_warnings(figures: Mapping[str, float],
                  limits: Mapping[str, float]) -> List[str]:
    """Sentences about what is beyond its limit.

    Args:
        figures (Mapping[str, float]): By name.
        limits (Mapping[str, float]): Thresholds instead of those of
            ``LIMITS``.

    Returns:
        list[str]: Often none.
    """
    found = []
    for name, limit in LIMITS.items():
        if name not in figures:
            continue
        figure, value = figures[name], limits.get(name, limit.value)
        if figure > value if limit.above else figure < value:
            found.append(
                limit.text.format(**figures, figure=figure, limit=value) +
                '; see docs/health.md')
    return found
