"""From small maps to cIoUs without what no number depends on.

Min-max keeps the order of pixels, so the half-image rule can be decided on
maps that are not normalised. A coarse grid of pixels tells nearly where the
threshold is; the few pixels about it are normalised and fused exactly as
:class:`Protocol` does, all others are only counted. What cannot be decided so
is left to the general functions. Shape legend: B batch, (h, w) positions,
(H, W) pixels.
"""
import math
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from .localization_map import is_plain, product_resize, product_weights
from .localization_score import consensus_iou
from .protocol import Protocol
from .target_levels import TargetLevels

KINDS = ('audio_visual', 'object', 'fused')
# The grid that is sorted, in slanting lines, and how many ranks to either side
# of the wanted one are looked at, if need be again.
GRID = slice(8, None, 17)
RANKS = (12, 120)
# Pixels that are compared at once.
WORD = 8
# Error of a map that is fused before it is enlarged instead of after, in units
# of what is rounded: some ten roundings of 2**-24, and a margin.
ROUNDING = 2e-6
# Below, numbers have fewer digits.
MIN_SPAN = 1e-30
# A larger error means nearly constant maps.
MAX_ERROR = 1e-3
# Fused values farther apart stay apart when normalised: three roundings of
# numbers up to 1, and a margin.
TIE = 3e-7


def _fuse(own: np.ndarray, other: np.ndarray, alpha: float) -> np.ndarray:
    """Weighted sum, rounded as :func:`fuse_maps` does."""
    fused = own * alpha
    fused += (1 - alpha) * other
    return fused


class _Scorer:
    """Scores samples of one shape, one after another, in its own memory.

    Args:
        protocol (Protocol): See :func:`_is_covered`.
        shape (tuple[int, ...]): (1 or 2, h, w) of a sample's small maps.
    """

    def __init__(self, protocol: Protocol, shape: Tuple[int, ...]) -> None:
        size = protocol.size
        self.alpha = protocol.alpha
        self.weights = product_weights((shape[1], shape[2]), (size, size),
                                       protocol.align_corners)
        self.large = np.empty((2 * shape[0] - 1, size, size), np.float32)
        self.flat = list(self.large.reshape(len(self.large), -1))
        self.words = list(self.large.reshape(len(self.large), -1, WORD))
        self.above, self.near = np.empty((2, size * size), bool)
        self.above_words = self.above.view(np.uint64)
        self.near_words = self.near.view(np.uint64)
        # As many pixels as the threshold and what is above make up.
        self.share = size * size - int(size * size * protocol.area)
        self.middle = int(len(self.flat[0][GRID]) * protocol.area)
        self.compare = (
            np.greater_equal if protocol.compare == '>=' else np.greater)
        self.ranges: List[Tuple[np.float32, np.float32]] = []

    def cious(self, small: np.ndarray,
              target: TargetLevels) -> Optional[List[float]]:
        """cIoU of each kind of map; None if that is not decided here."""
        self.ranges.clear()
        found: List[float] = []
        for kind, map in enumerate(small):
            product_resize(map, self.weights, self.large[kind])
            low = self.flat[kind].min()
            span = self.flat[kind].max() - low
            if not MIN_SPAN < span < np.inf:
                return None
            self.ranges.append((low, span))
            found.append(self._bracketed_ciou(kind, 0., target))
        if len(small) == 2:
            fused, error = self._fuse_small(small)
            if not error < MAX_ERROR:
                return None
            product_resize(fused, self.weights, self.large[2])
            found.append(self._bracketed_ciou(2, error, target))
        return None if np.isnan(found).any() else found

    def _fuse_small(self, small: np.ndarray) -> Tuple[np.ndarray, float]:
        """(h, w) that enlarges to nearly the fused map, and its error."""
        (low, span), (other_low, other_span) = self.ranges
        share = self.alpha / float(span)
        other_share = (1 - self.alpha) / float(other_span)
        fused = small[0] - low
        fused *= share
        fused += (small[1] - other_low) * other_share
        peak, other_peak = np.abs(small).max(axis=(1, 2)).tolist()
        largest = share * peak + other_share * other_peak
        return fused, ROUNDING * (1 + largest)

    def _bracketed_ciou(self, kind: int, error: float,
                        target: TargetLevels) -> float:
        """cIoU by the nearest ranks of the grid that enclose the threshold."""
        grid = np.sort(self.flat[kind][GRID])
        ciou = math.nan
        for ranks in RANKS:
            low = grid[max(self.middle - ranks, 0)]
            high = grid[min(self.middle + ranks, len(grid) - 1)]
            ciou = self._ciou(kind, low, high, error, target)
            if not math.isnan(ciou):
                break
        return ciou

    def _exact(self, kind: int, at: np.ndarray) -> np.ndarray:
        """Pixels of some words, of a fused map before it is normalised."""
        if kind == 2:
            return _fuse(self._exact(0, at), self._exact(1, at), self.alpha)
        low, span = self.ranges[kind]
        values = self.words[kind].take(at, axis=0)
        values -= low
        values /= span
        return values

    def _ciou(self, kind: int, low: np.float32, high: np.float32, error: float,
              target: TargetLevels) -> float:
        """cIoU if the threshold is between two values, else NaN."""
        above, near = self.above, self.near
        np.greater_equal(self.flat[kind], np.float32(high + error), out=above)
        np.greater_equal(self.flat[kind], np.float32(low - error), out=near)
        at = (self.above_words != self.near_words).nonzero()[0]
        self.above_words[at] = 0
        if kind < 2:
            start, span = self.ranges[kind]
            low, high = (low - start) / span, (high - start) / span
        number = int(np.count_nonzero(above))
        chosen = self._choose(kind, self._exact(kind, at), low, high, number)
        if chosen is None:
            return math.nan
        hits = []
        for level in target.levels.reshape(-1, above.size):
            np.logical_and(above, level, out=near)
            inside = level.reshape(-1, WORD).take(at, axis=0)
            inside &= chosen
            hits.append(
                int(np.count_nonzero(near)) + int(np.count_nonzero(inside)))
        return target.ciou(hits, number + int(np.count_nonzero(chosen)))

    def _choose(self, kind: int, values: np.ndarray, low: np.float32,
                high: np.float32, above: int) -> Optional[np.ndarray]:
        """Which of the pixels about the threshold are predicted."""
        index = values.size - (self.share - above)
        if not 0 <= index < values.size:
            return None
        limit = np.partition(values, index, axis=None)[index]
        tie = TIE if kind == 2 else 0.0
        if not low + tie < limit < high - tie:
            return None
        if kind == 2:
            number = np.count_nonzero(values >= limit - TIE)
            if number > np.count_nonzero(values > limit + TIE) + 1:
                values, limit = self._normalize_fused(values, limit)
        return self.compare(values, limit)

    def _normalize_fused(self, values: np.ndarray,
                         limit: np.float32) -> Tuple[np.ndarray, np.float32]:
        """With the range of the whole map, which few samples need."""
        own, other = ((flat - low) / span
                      for flat, (low, span) in zip(self.flat, self.ranges))
        whole = _fuse(own, other, self.alpha)
        low = whole.min()
        span = whole.max() - low
        return (values - low) / span, (limit - low) / span


def _is_covered(protocol: Protocol, maps: Sequence[Tensor],
                targets: Sequence[TargetLevels]) -> bool:
    """Whether :class:`_Scorer` knows the protocol and these maps."""
    resized = (protocol.mode, protocol.align_corners)
    return (protocol.threshold is None and not protocol.fuse_scores
            and resized == ('bilinear', protocol.object_align_corners)
            and protocol.object_mode == 'bilinear'
            and all(map.shape == maps[0].shape for map in maps)
            and all(is_plain(map, protocol.size) for map in maps)
            and all(target.is_exact for target in targets))


def _general_cious(protocol: Protocol, maps: Sequence[Tensor],
                   targets: Sequence[TargetLevels]) -> List[List[float]]:
    """The same, of every protocol and map; (B) of each kind."""
    target = torch.stack([t.target for t in targets])
    return [
        consensus_iou(large.cpu(), target, protocol.area, protocol.compare,
                      protocol.threshold).tolist()
        for large in protocol.maps(*maps).values()
    ]


def score_maps(protocol: Protocol, audio_visual: Tensor,
               objectness: Optional[Tensor],
               targets: Sequence[TargetLevels]) -> Dict[str, Tensor]:
    """cIoU of each kind of map, to the last digit as by single steps.

    The same as :func:`consensus_iou` of each of :meth:`Protocol.maps`,
    without maps of full size in memory.

    Args:
        protocol (Protocol): How maps are enlarged, fused and cut.
        audio_visual (Tensor): (B, h, w), cosines.
        objectness (Tensor, optional): (B, h', w'), raw object maps.
        targets (Sequence[TargetLevels]): B, of the protocol's size.

    Returns:
        dict[str, Tensor]: ``audio_visual`` and, if there is an object map,
        ``object`` and ``fused``, each (B,) float64.

    Raises:
        ValueError: If a map is not finite or an argument is out of range.
    """
    maps = [audio_visual] if objectness is None else [audio_visual, objectness]
    if len(targets) != len(audio_visual):
        raise ValueError(f'{len(audio_visual)} maps and {len(targets)} '
                         'targets; give one target for each')
    if not _is_covered(protocol, maps, targets):
        columns = _general_cious(protocol, maps, targets)
    else:
        columns = _fast_cious(protocol, maps, targets)
    return {
        kind: torch.tensor(column, dtype=torch.float64)
        for kind, column in zip(KINDS, columns)
    }


def _fast_cious(protocol: Protocol, maps: Sequence[Tensor],
                targets: Sequence[TargetLevels]) -> List[List[float]]:
    """See :func:`score_maps`.

    On one thread: each step takes microseconds, so that threads would wait
    for the interpreter's lock longer than they work.
    """
    small = torch.stack(list(maps), dim=1).numpy()
    scorer = _Scorer(protocol, small.shape[1:])
    rows: List[List[float]] = []
    for index, target in enumerate(targets):
        found = scorer.cious(small[index], target)
        if found is None:
            one = [map[index:index + 1] for map in maps]
            general = _general_cious(protocol, one, [target])
            found = [values[0] for values in general]
        rows.append(found)
    return [list(column) for column in zip(*rows)]
