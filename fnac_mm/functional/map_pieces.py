"""An enlarged map in pieces, between whose corners it is bilinear.

Along a column of a piece the values lie on a straight line, so that the pixels
above a threshold follow from its ends. Shape legend: B batch, (h, w)
positions, (H, W) pixels, P pieces of a column.
"""
from functools import lru_cache
from typing import List, NamedTuple, Tuple

import numpy as np
import torch

from .localization_map import resize_map
from .map_enlargement import (AxisWindows, axis_windows, near_positions,
                              product_widen)

# Rows of one piece: difference of a row's weight from a straight line.
STRAIGHT = 1e-5
# Low bits of a float64 that float32 has not, and the first of them.
SPARE, HALF = (1 << 29) - 1, 1 << 28
# Smaller than any rise that matters: rows over it are a float32 still.
FLAT = np.float32(1e-34)

_Piece = Tuple[int, int, int]


class Lines(NamedTuple):
    """Columns of pieces as straight lines, from their lower ends.

    Attributes:
        low (np.ndarray): (..., P, W) float32, value at the lower end.
        pace (np.ndarray): (..., P, W) float32, rows for a rise of 1.
        falls (np.ndarray): (..., P, W) int16, 1 where the lower end is the
            last row, else 0.
    """
    low: np.ndarray
    pace: np.ndarray
    falls: np.ndarray


def _find_pieces(weights: np.ndarray) -> List[_Piece]:
    """First line, number of lines and left neighbour of each piece.

    Args:
        weights (np.ndarray): (new, old) of one axis, in order.
    """
    near = near_positions(weights)
    share = weights[np.arange(len(near)), near + 1].tolist()
    pieces: List[_Piece] = []
    start = 0
    for line in range(1, len(near) + 1):
        if line < len(near) and near[line] == near[start]:
            step = share[start + 1] - share[start]
            if abs(share[line] - share[line - 1] - step) < STRAIGHT:
                continue
        pieces.append((start, line - start, int(near[start])))
        start = line
    return pieces


def _ends(pieces: List[_Piece]) -> Tuple[np.ndarray, np.ndarray]:
    """First and last lines of pieces with their neighbours; which are ends."""
    ends = {line for a, n, _ in pieces for line in (a, a + n - 1)}
    beside = {line for a, n, _ in pieces for line in (a + 1, a + n - 2)
              if n > 2}  # yapf: disable
    lines = sorted(ends | beside)
    return np.array(lines), np.array([line in ends for line in lines])


def _whole(windows: AxisWindows, old: int) -> np.ndarray:
    """(new, old), the weights of all windows."""
    weights = np.zeros((windows[-1].new.stop, old), np.float32)
    for window in windows:
        weights[window.new, window.old] = window.weights
    return weights


class MapPieces:
    """What all maps of one shape share when they are enlarged.

    Args:
        shape (tuple[int, int]): (h, w), at least 2.
        size (tuple[int, int]): (H, W).
        align_corners (bool): See :func:`resize_map`.

    Attributes:
        first (np.ndarray): (P, 1) int16, first row of each piece.
        last (np.ndarray): (P, 1) int16, the row after its last one.
        number (np.ndarray): (P, 1) float32, rows of each.
        is_exact (bool): Whether :meth:`pixels` finds every bit that
            :func:`resize_map` does, which a processor without fused
            multiplication does not let it.
    """

    def __init__(self, shape: Tuple[int, int], size: Tuple[int, int],
                 align_corners: bool) -> None:
        self.shape, self.size = shape, size
        windows = axis_windows(shape[0], size[0], align_corners)
        self._columns = axis_windows(shape[1], size[1], align_corners)
        rows = _whole(windows, shape[0])
        self.near = near_positions(rows)
        index = np.arange(size[0])
        self.share = rows[index, self.near + 1]
        self.other_share = rows[index, self.near].astype(np.float64)
        pieces = _find_pieces(rows)
        first, number, self._cell = np.array(pieces).T
        self.first = first.astype(np.int16)[:, None]
        self.last = (first + number).astype(np.int16)[:, None]
        self.number = number.astype(np.float32)[:, None]
        self._ends = (self.share[first][:, None],
                      self.share[first + number - 1][:, None])
        self._steps = np.maximum(self.number - 1, 1)
        self._rows_at, is_row_end = _ends(pieces)
        self._columns_at, is_column_end = _ends(
            _find_pieces(_whole(self._columns, shape[1])))
        self._corner_rows = [
            (window.old, rows[at, window.old]) for window in windows
            for at in [[i for i in self._rows_at
                        if window.new.start <= i < window.new.stop]]
        ]  # yapf: disable
        # Corners, then what is beside one in a row or a column.
        ends = np.add.outer(is_row_end.astype(int), is_column_end).ravel()
        self._order = np.argsort(-ends, kind='stable')[:np.count_nonzero(ends)]
        self._corners = np.count_nonzero(ends == 2)
        self.is_exact = self._finds_every_bit(align_corners)

    def widen(self, small: np.ndarray) -> np.ndarray:
        """Enlarge the rows of maps, not their number.

        Args:
            small (np.ndarray): (..., h, w) float32.

        Returns:
            np.ndarray: (..., h, W) float32.
        """
        return product_widen(small, self._columns)

    def corner_pixels(self, wide: np.ndarray) -> np.ndarray:
        """Pixels at the corners of all pieces, and those beside them.

        Args:
            wide (np.ndarray): (M, h, W) of :meth:`widen`.

        Returns:
            np.ndarray: (M, N) float32, for :meth:`extremes`.
        """
        columns = wide[:, :, self._columns_at]
        pixels = np.concatenate([
            weights @ np.ascontiguousarray(columns[:, old])
            for old, weights in self._corner_rows
        ], axis=1)  # yapf: disable
        return pixels.reshape(len(wide), -1).take(self._order, axis=1)

    def extremes(self, pixels: np.ndarray) -> Tuple[np.ndarray, ...]:
        """Smallest and largest pixel at a corner and at none.

        A bilinear function on a grid is largest at a corner; what is no
        corner is at most as large as the largest of those beside corners.

        Args:
            pixels (np.ndarray): (M, N) of :meth:`corner_pixels`.

        Returns:
            tuple[np.ndarray, ...]: Four of (M,): lowest and highest corner,
            lowest and highest of all others, to rounding.
        """
        corners, beside = np.split(pixels, [self._corners], axis=1)
        return (corners.min(axis=1), corners.max(axis=1),
                beside.min(axis=1, initial=np.inf),
                beside.max(axis=1, initial=-np.inf))

    def lines(self, wide: np.ndarray) -> Lines:
        """Columns of all pieces, to rounding.

        Args:
            wide (np.ndarray): (..., h, W) of :meth:`widen`.

        Returns:
            Lines: (..., P, W).
        """
        begin = wide.take(self._cell, axis=-2)
        rise = wide.take(self._cell + 1, axis=-2)
        rise -= begin
        last = self._ends[1] * rise
        last += begin
        rise *= self._ends[0]
        begin += rise
        low = np.minimum(begin, last, out=rise)
        falls = (last < begin).astype(np.int16)
        last -= begin
        np.abs(last, out=last)
        last += FLAT
        return Lines(low, np.divide(self._steps, last, out=last), falls)

    def pixels(self, wide: np.ndarray, map: np.ndarray, row: np.ndarray,
               column: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Some pixels, to the bit.

        A fused multiplication and addition is one in float64, rounded to
        float32, unless the first rounding ends half-way between two float32.

        Args:
            wide (np.ndarray): (M, h, W) of :meth:`widen`.
            map (np.ndarray): (N,), which of the M.
            row (np.ndarray): (N,), below H.
            column (np.ndarray): (N,), below W.

        Returns:
            tuple[np.ndarray, np.ndarray]: (N,) float32, and whether each is
            in doubt.
        """
        height, width = wide.shape[-2:]
        flat = wide.ravel()
        at = map * height
        at += self.near[row]
        at *= width
        at += column
        near = flat[at]
        at += width
        far = flat[at]
        far *= self.share[row]
        near = self.other_share[row] * near
        exact = near + far
        # Half-way between two float32, and rounded to get there.
        doubt = (exact.view(np.int64) & SPARE) == HALF
        at = doubt.nonzero()[0]
        if len(at):
            rest = exact[at] - near[at]
            error = (near[at] - (exact[at] - rest)) + (far[at] - rest)
            doubt[at] = error != 0
        return exact.astype(np.float32), doubt

    def _finds_every_bit(self, align_corners: bool) -> bool:
        draw = torch.Generator().manual_seed(0)
        row, column = np.indices(self.size).reshape(2, -1)
        for number in (1, 32):
            # A product of more rows may be rounded otherwise.
            small = torch.empty(number, *self.shape)
            small.uniform_(-1, 1, generator=draw)
            large = resize_map(small, self.size, align_corners=align_corners)
            wide = self.widen(small.numpy())
            corners = large[:, self._rows_at][:, :, self._columns_at]
            corners = corners.flatten(1)[:, self._order]
            if (self.corner_pixels(wide) != corners.numpy()).any():
                return False
            # One after the other, for the sake of memory.
            for at, expected in enumerate(large):
                found, doubt = self.pixels(wide[at:at + 1], 0 * row, row,
                                           column)
                if not ((found == expected.flatten().numpy()) | doubt).all():
                    return False
        return True


@lru_cache(maxsize=16)
def map_pieces(shape: Tuple[int, int], size: Tuple[int, int],
               align_corners: bool) -> MapPieces:
    """Those of a shape, kept for the next call.

    Args:
        shape (tuple[int, int]): (h, w), at least 2.
        size (tuple[int, int]): (H, W).
        align_corners (bool): See :func:`resize_map`.

    Returns:
        MapPieces: See there.
    """
    return MapPieces(shape, size, align_corners)
