"""From small maps to cIoUs without enlarging them.

Between its positions a bilinearly enlarged map is made of straight lines, one
for each column of a piece (:mod:`.map_pieces`), so the pixels above a value
are counted line by line. A few counts tell nearly where the threshold is; the
few pixels about it are then found to the bit, normalised and fused as
:class:`Protocol` does, and ordered. What cannot be decided so is enlarged
(:mod:`.dense_score`). Shape legend: B batch, K kinds of map, (h, w) positions,
(H, W) pixels, P pieces of a column, N pixels about the threshold.
"""
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from .dense_score import LARGEST, DenseScorer
from .localization_map import weighted_sum
from .localization_score import consensus_iou
from .map_enlargement import is_plain
from .map_pieces import Lines, MapPieces, map_pieces
from .protocol import Protocol
from .target_levels import TargetLevels, count_ciou

KINDS = ('audio_visual', 'object', 'fused')
# Every so manieth column is counted at first, and of these every so manieth is
# a sample; ranks to either side of the wanted one, as a share of it, tell how
# close the values are.
COLUMN_STEP, SAMPLE_STEP = 4, 2
RANKS = 0.05
# Counts of some columns, then of all, each nearer to the threshold.
COUNTS = 3
# Least difference of two counts that tells how close the values are.
SURE_GAIN = 10
# Added to the place on a line, where it is not rounded up: as many on average.
HALF_ROW = np.float32(0.5)
# Samples at once.
BLOCK = 64
# Pixels to either side of the threshold that are found to the bit, and how
# many more for each by which the last count was off.
MARGIN, DOUBT = 8, 0.5
# As many about the threshold are a plateau, which is left to others.
CROWD = 3000
# What a straight line differs from float32 pixels, in units of the largest
# value: some ten roundings of 2**-24, the weights' too, and a margin.
ROUNDING = 4e-6
# The same of a place on a line, as a share of the map's span.
PLACE = 1e-6
# Below, a rise that matters would not be far above ``map_pieces.FLAT``.
MIN_SPAN = 1e-27
# A larger error means nearly constant maps.
MAX_ERROR = 1e-3


class _Batch(NamedTuple):
    """Maps of some samples, and what decides about their pixels.

    Attributes:
        wide (np.ndarray): (B, 1 or 2, h, W), the maps of the model.
        every (np.ndarray): (B, K, h, W), the fused one too, to rounding.
        low (np.ndarray): (B, K) float32, smallest pixel.
        span (np.ndarray): (B, K) float32, largest minus smallest pixel.
        error (np.ndarray): (B, K) float32, of a straight line.
    """
    wide: np.ndarray
    every: np.ndarray
    low: np.ndarray
    span: np.ndarray
    error: np.ndarray


class _Near(NamedTuple):
    """Pixels about the threshold, map by map.

    Attributes:
        map (np.ndarray): (N,), index of sample and kind.
        row (np.ndarray): (N,).
        column (np.ndarray): (N,).
        number (np.ndarray): (B * K,), of each map.
    """
    map: np.ndarray
    row: np.ndarray
    column: np.ndarray
    number: np.ndarray


def _total(numbers: np.ndarray) -> np.ndarray:
    """Sum (B, K) of (B, K, P, W) whole numbers, exact up to 2**24."""
    size = numbers.shape[2] * numbers.shape[3]
    total = numbers.reshape(-1, size) @ np.ones(size, np.float32)
    return total.reshape(numbers.shape[:2])


class _Scorer:
    """Scores samples of one shape, a block after the other.

    Args:
        protocol (Protocol): See :func:`_pieces_of`.
        pieces (MapPieces): Of the maps.
    """

    def __init__(self, protocol: Protocol, pieces: MapPieces) -> None:
        self.protocol = protocol
        self.pieces = pieces
        self.pixels = protocol.size**2
        # As many pixels as the threshold and what is above make up.
        self.share = self.pixels - int(self.pixels * protocol.area)
        self.most = pieces.number.max()
        self.middles = (pieces.number - 1) / 2
        # New memory for every step would cost more than the step.
        size = BLOCK * len(KINDS) * len(pieces.first) * protocol.size
        self.scratch = np.empty((2, size), np.float32)

    def cious(self, small: np.ndarray,
              targets: Sequence[TargetLevels]) -> np.ndarray:
        """cIoU of each kind of map.

        Args:
            small (np.ndarray): (B, 1 or 2, h, w) float32, B up to ``BLOCK``.
            targets (Sequence[TargetLevels]): B.

        Returns:
            np.ndarray: (B, K) float64, NaN where that is not decided here.
        """
        batch, known = self._prepare(small)
        at = known.nonzero()[0].tolist()
        if len(at) < len(known):
            batch = _Batch(*(values[at] for values in batch))
        cious = np.full((len(known), batch.low.shape[1]), np.nan)
        if len(at):
            cious[at] = self._known_cious(batch, [targets[i] for i in at])
        return cious

    def _known_cious(self, batch: _Batch,
                     targets: Sequence[TargetLevels]) -> np.ndarray:
        """The same (B, K) of maps that are not nearly constant."""
        lines = self.pieces.lines(batch.every)
        low, high = self._enclose(lines)
        # Not so where too few pixels differ to tell a threshold from others.
        usable = np.isfinite(low) & np.isfinite(high) & (low <= high)
        low, high = np.where(usable, low, 0), np.where(usable, high, 0)
        error = batch.error + PLACE * batch.span
        sure = self._below(lines, high + error)
        maybe = self._below(lines, low - error, scratch=1)
        below = _total(sure)
        crowded = below - _total(maybe) > CROWD
        if crowded.any():
            usable &= ~crowded
            maybe[crowded] = sure[crowded]
        near = self._find_near(lines, sure, maybe)
        above = self.pixels - below
        chosen, known = self._choose(batch, near, low, high, above)
        selected = above + np.bincount(
            near.map, chosen, minlength=above.size).reshape(above.shape)
        hits = self._hits(lines, sure, near, chosen, targets)
        inside = np.array([target.inside for target in targets]).T
        cious = count_ciou(inside[:, :, None], hits, selected)
        return np.where(known & usable, cious, np.nan)

    def _prepare(self, small: np.ndarray) -> Tuple[_Batch, np.ndarray]:
        """Ranges of maps, and whether these can be relied on (B,)."""
        alpha = self.protocol.alpha
        wide = self.pieces.widen(small)
        every = wide
        # Kinds before samples, so that one kind is one block.
        pixels = self.pieces.corner_pixels(
            wide.swapaxes(0, 1).reshape(-1, *wide.shape[2:]))
        peak = np.abs(small).max(axis=(2, 3)).T
        ranges = self._ranges(pixels, ROUNDING * peak)
        if len(peak) == 2:
            low, span = ranges[:2]
            pixels -= low.reshape(-1, 1)
            pixels /= span.reshape(-1, 1)
            own, other = np.split(pixels, 2)
            shares = np.array([[alpha], [1 - alpha]], np.float32) / span
            largest = (shares * peak).sum(axis=0, keepdims=True)
            of_fused = self._ranges(
                weighted_sum(own, other, alpha), ROUNDING * (1 + largest))
            ranges = [np.concatenate(x) for x in zip(ranges, of_fused)]
            parts = small - low.T[..., None, None]
            parts *= shares.T[..., None, None]
            fused = self.pieces.widen(parts[:, :1] + parts[:, 1:])
            every = np.concatenate([wide, fused], axis=1)
        low, span, error, known = (np.ascontiguousarray(x.T) for x in ranges)
        return _Batch(wide, every, low, span, error), np.all(known, axis=1)

    def _ranges(self, pixels: np.ndarray,
                error: np.ndarray) -> List[np.ndarray]:
        """Lowest pixel, span, error, and whether no other pixel is beyond.

        Args:
            pixels (np.ndarray): (K * B, N), see ``corner_pixels``.
            error (np.ndarray): (K, B).
        """
        low, high, other_low, other_high = (
            x.reshape(error.shape) for x in self.pieces.extremes(pixels))
        span = high - low
        known = (span > MIN_SPAN) & (error < MAX_ERROR * span)
        # These are pixels themselves, two roundings of weights less off.
        known &= other_low > low + error / 2
        known &= other_high < high - error / 2
        return [low, span, error, known]

    def _below(self,
               lines: Lines,
               limit: np.ndarray,
               rounded: bool = True,
               scratch: int = 0) -> np.ndarray:
        """Pixels of each line from its lower end to below a value.

        Args:
            lines (Lines): (B, K, P, W).
            limit (np.ndarray): (B, K) float32.
            rounded (bool): Whether to find whole pixels, or as many on the
                average. Defaults to True.
            scratch (int): Memory of the result. Defaults to 0.

        Returns:
            np.ndarray: (B, K, P, W) float32.
        """
        place = self.scratch[scratch, :lines.low.size].reshape(lines.low.shape)
        np.subtract(limit[..., None, None], lines.low, out=place)
        place *= lines.pace
        if rounded:
            np.ceil(place, out=place)
        else:
            place += HALF_ROW
        # Two steps: NumPy is slow with bounds that differ.
        np.clip(place, 0, self.most, out=place)
        return np.minimum(place, self.pieces.number, out=place)

    def _enclose(self, lines: Lines) -> Tuple[np.ndarray, np.ndarray]:
        """Two values (B, K) with the threshold between them, most likely."""
        wanted = np.float32(self.pixels - self.share)
        low, pace = (
            np.ascontiguousarray(x[..., ::COLUMN_STEP])
            for x in (lines.low, lines.pace))
        few = Lines(low, pace, lines.falls)
        limit, slope = self._guess(few)
        scale = np.float32(lines.low.shape[3] / low.shape[3])
        for part, weight, rounded in ((few, scale, False), (lines, 1, True)):
            below = weight * _total(self._below(part, limit, rounded))
            for _ in range(COUNTS - 1):
                before, last = limit, below
                limit = before + (wanted - last) * slope
                below = weight * _total(self._below(part, limit, rounded))
                gain = below - last
                exact = (limit - before) / np.where(gain == 0, 1, gain)
                # Too few pixels don't tell how close the values are.
                slope = np.where(np.abs(gain) >= SURE_GAIN, exact, slope)
            limit = limit + (wanted - below) * slope
        margin = (MARGIN + DOUBT * np.abs(wanted - below)) * slope
        return limit - margin, limit + margin

    def _guess(self, few: Lines) -> Tuple[np.ndarray, np.ndarray]:
        """Threshold of a sample, and rise for one more pixel, each (B, K)."""
        sample = np.divide(self.middles, few.pace[..., ::SAMPLE_STEP])
        sample += few.low[..., ::SAMPLE_STEP]
        sample = sample.reshape(*sample.shape[:2], -1)
        sample.sort(axis=2)
        size = sample.shape[2]
        ranks = [
            min(max(int((self.protocol.area + side) * size), 0), size - 1)
            for side in (-RANKS, 0, RANKS)
        ]
        begin, limit, end = (sample[..., rank] for rank in ranks)
        pixels = self.pixels * (ranks[2] - ranks[0]) / size
        return limit, (end - begin) / np.float32(pixels)

    def _find_near(self, lines: Lines, sure: np.ndarray,
                   maybe: np.ndarray) -> _Near:
        """Pixels that are neither surely above nor surely below.

        Args:
            lines (Lines): (B, K, P, W).
            sure (np.ndarray): See :meth:`_below`, of the upper value.
            maybe (np.ndarray): The same of the lower one.
        """
        first = maybe.ravel()
        line = (sure.ravel() != first).nonzero()[0]
        first = first[line]
        number = (sure.ravel()[line] - first).astype(np.int64)
        falls = lines.falls.ravel()[line]
        end, column = np.divmod(line, sure.shape[3])
        map, piece = np.divmod(end, sure.shape[2])
        # Rows go up or down from the lower end.
        step = (1 - 2 * falls)
        start = first * step + self.pieces.first[piece, 0]
        start += falls * (self.pieces.number[piece, 0] - 1)
        within = np.arange(number.sum())
        within -= np.repeat(number.cumsum() - number, number)
        line = np.repeat(np.arange(len(line)), number)
        row = start.astype(np.int64)[line]
        row += within * step.astype(np.int64)[line]
        map = map[line]
        maps = sure.shape[0] * sure.shape[1]
        return _Near(map, row, column[line], np.bincount(map, minlength=maps))

    def _normalized(self, batch: _Batch,
                    near: _Near) -> Tuple[np.ndarray, np.ndarray]:
        """Values (N,) as the protocol's maps have them; which are in doubt."""
        sample, kind = np.divmod(near.map, batch.low.shape[1])
        given = batch.wide.shape[1]
        wide = batch.wide.reshape(-1, *batch.wide.shape[2:])

        def ranged(values: np.ndarray, sample: np.ndarray,
                   kind: np.ndarray) -> np.ndarray:
            values -= batch.low[sample, kind]
            values /= batch.span[sample, kind]
            return values

        own = np.minimum(kind, 1)
        values, doubt = self.pieces.pixels(wide, sample * given + own,
                                           near.row, near.column)
        ranged(values, sample, own)
        fused = (kind == 2).nonzero()[0]
        if len(fused):
            sample = sample[fused]
            own, in_doubt = self.pieces.pixels(wide, sample * given,
                                               near.row[fused],
                                               near.column[fused])
            ranged(own, sample, np.zeros_like(sample))
            both = weighted_sum(own, values[fused], self.protocol.alpha)
            values[fused] = ranged(both, sample, kind[fused])
            doubt[fused] |= in_doubt
        return values, doubt

    def _choose(self, batch: _Batch, near: _Near, low: np.ndarray,
                high: np.ndarray,
                above: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Which pixels about the threshold are predicted.

        Args:
            batch (_Batch): B samples.
            near (_Near): N pixels.
            low (np.ndarray): (B, K), below it nothing is predicted.
            high (np.ndarray): (B, K), above it all is.
            above (np.ndarray): (B, K), pixels that surely are.

        Returns:
            tuple[np.ndarray, np.ndarray]: Boolean (N,), and boolean (B, K)
            whether that is decided.
        """
        values, doubt = self._normalized(batch, near)
        index = near.number - (self.share - above.ravel()).astype(np.int64)
        known = (index >= 0) & (index < near.number)
        known &= np.bincount(near.map, doubt, minlength=len(index)) == 0
        # Ordered by map, then by value, which is at most 1.
        maps = np.arange(len(index))
        ordered = np.sort(np.append(values + 2. * near.map, 2. * len(maps)))
        place = near.number.cumsum() - near.number + index
        limit = ordered[np.where(known, place, -1)] - 2. * maps
        limit = limit.astype(np.float32)
        below, beyond = (((x - batch.low) / batch.span).ravel()
                         for x in (low, high))
        known &= (below < limit) & (limit < beyond)
        compare = (
            np.greater_equal if self.protocol.compare == '>=' else np.greater)
        return compare(values, limit[near.map]), known.reshape(low.shape)

    def _hits(self, lines: Lines, sure: np.ndarray, near: _Near,
              chosen: np.ndarray,
              targets: Sequence[TargetLevels]) -> np.ndarray:
        """Predicted pixels (L, B, K) within each level of the targets."""
        samples, kinds, _, width = sure.shape
        # Rows that are surely above, from and up to.
        start = sure.astype(np.int16)
        end = start * lines.falls
        start -= end
        start += self.pieces.first
        np.subtract(self.pieces.last, end, out=end)
        map, row, column = (x[chosen] for x in near[:3])
        sample = map // kinds
        hits = np.zeros((len(targets[0].runs), samples, kinds))
        for level, found in enumerate(hits):
            runs = [target.runs[level] for target in targets]
            number = np.array([x.shape[1] for x in runs])
            table = np.zeros((number.max(), 2, samples, width), np.int16)
            for index, x in enumerate(runs):
                table[:x.shape[1], :, index] = x.swapaxes(0, 1)
            inside = np.zeros(len(sample), bool)
            for run, (begin, stop) in enumerate(table):
                at = (number > run).nonzero()[0]
                part = slice(None) if len(at) == samples else at
                first = np.maximum(start[part], begin[part, None, None])
                over = np.minimum(end[part], stop[part, None, None])
                np.maximum(over, first, out=over)
                over -= first
                found[part] += _total(over.astype(np.float32))
                inside |= ((row >= begin[sample, column])
                           & (row < stop[sample, column]))
            found += np.bincount(
                map, inside, minlength=found.size).reshape(found.shape)
        return hits


def _pieces_of(protocol: Protocol, maps: Sequence[Tensor],
               targets: Sequence[TargetLevels]) -> Optional[MapPieces]:
    """Pieces, if :class:`_Scorer` knows the protocol and these maps."""
    shape, size = maps[0].shape[1:], (protocol.size, protocol.size)
    plain = (
        protocol.threshold is None and not protocol.fuse_scores
        and protocol.mode == protocol.object_mode == 'bilinear'
        and protocol.align_corners == protocol.object_align_corners
        and protocol.size <= LARGEST and min(shape) > 1
        and all(map.shape == maps[0].shape and is_plain(map) for map in maps))
    levels = {len(target.runs) for target in targets}
    if not plain or len(levels) != 1 or not targets[0].is_exact:
        return None
    pieces = map_pieces((shape[0], shape[1]), size, protocol.align_corners)
    return pieces if pieces.is_exact else None


def _dense_cious(protocol: Protocol, maps: Sequence[Tensor],
                 targets: Sequence[TargetLevels]) -> np.ndarray:
    """cIoUs (B, K) of enlarged maps, of every protocol and map."""
    scorer = DenseScorer.of(protocol, maps)
    if scorer is not None and all(target.is_exact for target in targets):
        return scorer.cious([map.numpy() for map in maps], targets)
    target = torch.stack([t.target for t in targets])
    return np.stack([
        consensus_iou(large.cpu(), target, protocol.area, protocol.compare,
                      protocol.threshold).numpy()
        for large in protocol.maps(*maps).values()
    ], axis=1)  # yapf: disable


def score_maps(protocol: Protocol, audio_visual: Tensor,
               objectness: Optional[Tensor],
               targets: Sequence[TargetLevels]) -> Dict[str, Tensor]:
    """cIoU of each kind of map, to the last digit as by single steps.

    The same as :func:`consensus_iou` of each of :meth:`Protocol.maps`,
    without maps of full size.

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
    shapes = [tuple(map.shape) for map in maps]
    if {(len(s), s[0]) for s in shapes} != {(3, len(targets))}:
        raise ValueError(f'expected maps (B,h,w) of one B, got {shapes}')
    sides = {(t.height, t.pixels // max(t.height, 1)) for t in targets}
    if sides - {(protocol.size, protocol.size)}:
        raise ValueError(f'targets of {sorted(sides)} pixels, but maps of '
                         f'{protocol.size} by protocol {protocol.name!r}')
    if not targets:
        kinds = KINDS[:1] if objectness is None else KINDS
        return {kind: torch.zeros(0, dtype=torch.float64) for kind in kinds}
    pieces = _pieces_of(protocol, maps, targets)
    if pieces is None:
        cious = _dense_cious(protocol, maps, targets)
    else:
        small = torch.stack(list(maps), dim=1).numpy()
        scorer = _Scorer(protocol, pieces)
        # Nearly constant maps divide by nothing; they are left out.
        with np.errstate(all='ignore'):
            cious = np.concatenate([
                scorer.cious(small[i:i + BLOCK], targets[i:i + BLOCK])
                for i in range(0, len(small), BLOCK)
            ])
        left = np.isnan(cious).any(axis=1).nonzero()[0]
        if len(left):
            cious[left] = _dense_cious(protocol, [map[left] for map in maps],
                                       [targets[index] for index in left])
    return {
        kind: torch.from_numpy(column.copy())
        for kind, column in zip(KINDS, cious.T)
    }
