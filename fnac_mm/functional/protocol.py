"""Evaluation protocols of the published codes, by name, and their scores.

The codes differ in how a map is enlarged, normalised, fused and cut; their
numbers are only comparable under the same protocol.
"""
from dataclasses import dataclass, fields, replace
from typing import Any, Dict, List, Optional, Union

import torch
from torch import Tensor

from .localization_map import fuse_maps, normalize_map, resize_map
from .localization_score import HALF_IMAGE, consensus_iou

# Pixels of one kind of map that are held at once: those of 8 samples.
PIXELS = 8 * 224**2

MODES = ('bilinear', 'bicubic', 'nearest')


@dataclass(frozen=True)
class Protocol:
    """How raw maps become the maps that are scored.

    Attributes:
        name (str): Name of the preset.
        mode (str): Interpolation of the audio-visual map.
        align_corners (bool): The same.
        object_mode (str): Interpolation of the object map.
        object_align_corners (bool): The same.
        compare (str): ``'>='`` or ``'>'`` against the threshold.
        alpha (float): Weight of the audio-visual map in the fusion.
        area (float): Share of the picture that the threshold leaves out.
        threshold (float, optional): Absolute threshold on ``(cos + 1) / 2``
            instead of a share of the picture.
        fuse_scores (bool): Fuse before normalising, on SLAVC's scores:
            ``(cos + 1) / 2`` and ``object / 2.5``.
        size (int): Pixels of each side. Defaults to 224.

    Raises:
        ValueError: If a value is out of range.
    """
    name: str
    mode: str = 'bilinear'
    align_corners: bool = True
    object_mode: str = 'bilinear'
    object_align_corners: bool = True
    compare: str = '>='
    alpha: float = 0.4
    area: float = HALF_IMAGE
    threshold: Optional[float] = None
    fuse_scores: bool = False
    size: int = 224

    def __post_init__(self) -> None:
        allowed = dict(
            alpha=('in [0, 1]', 0 <= self.alpha <= 1),
            area=('in [0, 1)', 0 <= self.area < 1),
            compare=("'>=' or '>'", self.compare in ('>=', '>')),
            size=('at least 1', self.size >= 1),
            mode=(f'one of {MODES}', self.mode in MODES),
            object_mode=(f'one of {MODES}', self.object_mode in MODES))
        for field, (what, right) in allowed.items():
            if not right:
                raise ValueError(f'protocol {self.name!r}: {field} must be '
                                 f'{what}, got {getattr(self, field)!r}')

    def maps(self,
             audio_visual: Tensor,
             objectness: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """Maps (B, size, size) to be scored; see `score_maps`."""
        large = resize_map(audio_visual, self.size, self.mode,
                           self.align_corners)
        if self.threshold is not None or self.fuse_scores:
            large = (large + 1) / 2
        score = large
        if self.threshold is None:
            large = normalize_map(large)
        result = dict(audio_visual=large)
        if objectness is None:
            return result
        large_object = resize_map(objectness, self.size, self.object_mode,
                                  self.object_align_corners)
        result['object'] = normalize_map(large_object)
        if self.fuse_scores:
            result['fused'] = normalize_map(self.alpha * score +
                                            (1 - self.alpha) * large_object /
                                            2.5)
        elif self.threshold is not None:
            result['fused'] = (
                self.alpha * score + (1 - self.alpha) * result['object'])
        else:
            result['fused'] = fuse_maps(large, result['object'], self.alpha)
        return result

    def describe(self) -> str:
        """One line to print beside a score."""
        cut = (f'top {1 - self.area:.0%}'
               if self.threshold is None else f'threshold {self.threshold}')
        return (f'{self.name}: {self.mode}, align_corners='
                f'{self.align_corners}, {cut} ({self.compare})')


PROTOCOLS: Dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol('fnac_test'),
        Protocol('fnac_test_bicubic', mode='bicubic', align_corners=False),
        Protocol('fnac_val', mode='bicubic', align_corners=False),
        Protocol('ez'),
        Protocol(
            'slavc',
            mode='bicubic',
            object_mode='bicubic',
            alpha=0.9,
            fuse_scores=True),
        Protocol('sslalign', compare='>'),
        Protocol(
            'lvs',
            align_corners=False,
            object_align_corners=False,
            compare='>'),
        # The threshold that vssl_eval gives for FNAC.
        Protocol('vssl_eval', compare='>', threshold=0.5538),
    )
}


def build_protocol(protocol: Union[str, Dict[str, Any],
                                   Protocol] = 'fnac_test',
                   alpha: Optional[float] = None) -> Protocol:
    """Preset, with the changes that a config asks for.

    Whatever is changed shows in the name, so that no score goes by the name
    of a preset that it doesn't follow.

    Args:
        protocol (str | dict | Protocol): Name of a preset, or its ``name``
            and the fields to change. Defaults to ``'fnac_test'``.
        alpha (float, optional): Weight of the audio-visual map in the
            fusion, instead of the preset's.

    Returns:
        Protocol: Checked; a wrong value does not wait for the first batch.

    Raises:
        ValueError: If the preset or a field is unknown or a value is out of
            range.

    Examples:
        >>> build_protocol(dict(name='ez', compare='>')).name
        'ez[compare=>]'
    """
    changes: Dict[str, Any] = {}
    if isinstance(protocol, dict):
        changes = dict(protocol)
        base = get_protocol(changes.pop('name', 'fnac_test'))
    else:
        base = get_protocol(protocol)
    if alpha is not None:
        changes['alpha'] = alpha
    known = [field.name for field in fields(Protocol)]
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise ValueError(f'protocol {base.name!r} has no field '
                         f'{", ".join(unknown)}; known are {", ".join(known)}')
    changes = {k: v for k, v in changes.items() if getattr(base, k) != v}
    if not changes:
        return base
    listed = ','.join(f'{k}={v}' for k, v in sorted(changes.items()))
    return replace(base, name=f'{base.name}[{listed}]', **changes)


def get_protocol(protocol: Union[str, Protocol]) -> Protocol:
    """Preset of this name; a :class:`Protocol` is returned as it is.

    Raises:
        ValueError: If there is no such preset.
    """
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in PROTOCOLS:
        raise ValueError(f'unknown protocol {protocol!r}; known are '
                         f'{", ".join(sorted(PROTOCOLS))}')
    return PROTOCOLS[protocol]


def score_maps(protocol: Protocol, audio_visual: Tensor,
               objectness: Optional[Tensor],
               target: Tensor) -> Dict[str, Tensor]:
    """cIoU of each kind of map, on the device of the maps.

    :func:`consensus_iou` of each of :meth:`Protocol.maps`, some samples at a
    time.

    Args:
        protocol (Protocol): How maps are enlarged, fused and cut.
        audio_visual (Tensor): (B, h, w), cosines.
        objectness (Tensor, optional): (B, h', w'), raw object maps.
        target (Tensor): (B, size, size) in [0, 1] of the protocol's size.

    Returns:
        dict[str, Tensor]: ``audio_visual`` and, if there is an object map,
        ``object`` and ``fused``, each (B,) float64.

    Raises:
        ValueError: If the shapes don't fit or a map is not finite.
    """
    maps = [audio_visual] if objectness is None else [audio_visual, objectness]
    shapes = [tuple(map.shape) for map in maps]
    if {(len(s), s[0]) for s in shapes} != {(3, len(target))}:
        raise ValueError('expected maps (B,h,w) of one B and a target for '
                         f'each, got {shapes} and {len(target)} targets')
    if tuple(target.shape[1:]) != (protocol.size, protocol.size):
        raise ValueError(f'targets of {tuple(target.shape[1:])} pixels, but '
                         f'maps of {protocol.size} by protocol '
                         f'{protocol.name!r}')
    found: Dict[str, List[Tensor]] = {}
    # Also of no sample at all, which tells the kinds.
    piece = max(1, PIXELS // protocol.size**2)
    for *part, goal in zip(*(x.split(piece) for x in (*maps, target))):
        goal = goal.to(audio_visual.device)
        for kind, large in protocol.maps(*part).items():
            found.setdefault(kind, []).append(
                consensus_iou(large, goal, protocol.area, protocol.compare,
                              protocol.threshold))
    return {kind: torch.cat(parts) for kind, parts in found.items()}
