"""Targets as levels, each a region, of which pixels need only be counted.

Shape legend: B batch, L levels, R runs, (H, W) pixels.
"""
from functools import lru_cache
from operator import itemgetter
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from .baseline_score import baseline_cious, centre_region
from .localization_score import ArrayLike, boxes_to_pixels


class TargetLevels(NamedTuple):
    """A target that is the mean of regions.

    Level j of a consensus is where more than j annotators drew a box; a union
    or a mask is its only level, each within the one before. A level is kept
    as runs: in column x it covers the rows from ``runs[0, r, x]`` up to
    ``runs[1, r, x]`` for each r, no row twice.

    Attributes:
        height (int): H.
        runs (tuple[np.ndarray, ...]): Of each level (2, R, W) int16.
        inside (tuple[int, ...]): Pixels of each level.
    """
    height: int
    runs: Tuple[np.ndarray, ...]
    inside: Tuple[int, ...]

    @classmethod
    def of(cls, levels: np.ndarray) -> 'TargetLevels':
        """Find the runs.

        Args:
            levels (np.ndarray): Boolean (L, H, W), each within the one
                before.

        Returns:
            TargetLevels: The same.
        """
        return cls.of_runs(levels.shape[1], [_find_runs(x) for x in levels])

    @classmethod
    def of_runs(cls, height: int,
                runs: Sequence[np.ndarray]) -> 'TargetLevels':
        """Count the pixels.

        Args:
            height (int): H.
            runs (Sequence[np.ndarray]): See the class.

        Returns:
            TargetLevels: With the counts.
        """
        inside = tuple(int(np.subtract(x[1], x[0]).sum()) for x in runs)
        return cls(height, tuple(runs), inside)

    @property
    def pixels(self) -> int:
        """Those of the picture, H * W."""
        return self.height * self.runs[0].shape[-1]

    @property
    def is_exact(self) -> bool:
        """Whether sums of the target are exact in float32, as counts are."""
        return len(self.runs).bit_count() == 1

    @property
    def window(self) -> Tuple[Tuple[slice, slice], np.ndarray]:
        """Rows and columns about the first level; boolean (L, rows, columns).
        """
        start, end = self.runs[0]
        covered = end > start
        columns = covered.any(axis=0).nonzero()[0]
        if not len(columns):
            nothing = slice(0, 0)
            return (nothing, nothing), np.zeros((len(self.runs), 0, 0), bool)
        across = slice(int(columns[0]), int(columns[-1]) + 1)
        down = slice(int(start[covered].min()), int(end.max()))
        row = np.arange(down.start, down.stop, dtype=np.int16)[:, None]
        levels = [
            np.logical_or.reduce([(row >= start) & (row < end)
                                  for start, end in zip(*runs[..., across])])
            for runs in self.runs
        ]
        return (down, across), np.array(levels)

    @property
    def levels(self) -> np.ndarray:
        """Boolean (L, H, W)."""
        window, part = self.window
        levels = np.zeros((len(part), self.height, self.runs[0].shape[-1]),
                          bool)
        levels[:, window[0], window[1]] = part
        return levels

    @property
    def target(self) -> Tensor:
        """(H, W) float32 in [0, 1], see :func:`boxes_to_target`."""
        number = self.levels.sum(axis=0, dtype=np.float32)
        return torch.from_numpy(number / np.float32(len(self.runs)))


def count_ciou(inside: np.ndarray, hits: np.ndarray,
               selected: np.ndarray) -> np.ndarray:
    """cIoU of regions, with 0 / 0 := 0; right if ``is_exact``.

    Args:
        inside (np.ndarray): (L, ...), pixels of each level.
        hits (np.ndarray): (L, ...), pixels that a region shares with them.
        selected (np.ndarray): (...), its pixels.

    Returns:
        np.ndarray: (...) float64 in [0, 1].
    """
    number = len(inside)
    union = inside.sum(axis=0) / number + (selected - hits[0])
    return hits.sum(axis=0) / number / np.where(union == 0, 1, union)


def _find_runs(level: np.ndarray) -> np.ndarray:
    """(2, R, W) of a boolean (H, W)."""
    height, width = level.shape
    edges = np.zeros((width, height + 1), bool)
    edges[:, :-1] = level.T
    edges[:, 1:] ^= level.T
    column, row = edges.nonzero()
    # Edges begin and end runs in turn.
    column = column[::2]
    first = np.searchsorted(column, column)
    order = np.arange(len(column)) - first
    runs = np.zeros((2, order.max(initial=0) + 1, width), np.int16)
    runs[:, order, column] = row.reshape(-1, 2).T
    return runs


def _union_runs(corners: Sequence[Sequence[int]], size: int) -> np.ndarray:
    """(2, R, size) of a union of boxes, one run for each."""
    runs = np.zeros((2, max(len(corners), 1), size), np.int16)
    if len(corners) > 1:
        corners = sorted(corners, key=itemgetter(1))
    for row, (x0, y0, x1, y1) in enumerate(corners):
        runs[0, row, x0:x1] = min(y0, y1)
        runs[1, row, x0:x1] = y1
    for row in range(1, len(corners)):
        # From the top: what is below all that was covered before.
        start, end = runs[:, row]
        np.maximum(start, runs[1, row - 1], out=start)
        np.maximum(start, end, out=end)
    return runs


def boxes_to_levels(boxes: ArrayLike,
                    size: int = 224,
                    combine: str = 'union',
                    consensus: int = 2) -> TargetLevels:
    """Levels of the target that :func:`boxes_to_target` draws.

    Args:
        boxes (Tensor): (N, 4), xyxy in [0, 1].
        size (int): Pixels of each side. Defaults to 224.
        combine (str): ``'union'`` or ``'consensus'``.
        consensus (int): Annotators who must agree. Defaults to 2.

    Returns:
        TargetLevels: One level of a union, ``consensus`` of a consensus.

    Raises:
        ValueError: See :func:`boxes_to_target`.
    """
    corners = boxes_to_pixels(boxes, size, combine, consensus)
    if combine == 'union':
        runs = _union_runs(corners, size)
        if len(corners) != 1:
            return TargetLevels.of_runs(size, [runs])
        # One box, as in most clips: faster than to count.
        (x0, y0, x1, y1), = corners
        pixels = max(x1 - x0, 0) * max(y1 - y0, 0)
        return TargetLevels(size, (runs, ), (pixels, ))
    number = np.zeros((size, size), np.int32)
    for x0, y0, x1, y1 in corners:
        number[y0:y1, x0:x1] += 1
    return TargetLevels.of(number > np.arange(consensus)[:, None, None])


@lru_cache(maxsize=8)
def _centre_counts(size: int, area: float, compare: str) -> np.ndarray:
    """(H + 1, W), pixels of the centre's region above a row, by column."""
    region = centre_region(size, area, compare)[0].numpy()
    return np.pad(region.cumsum(axis=0), ((1, 0), (0, 0)))


def level_baseline_cious(targets: Sequence[TargetLevels],
                         area: float = 0.5,
                         compare: str = '>=') -> Dict[str, Tensor]:
    """What :func:`baseline_cious` finds, of targets as levels.

    Args:
        targets (Sequence[TargetLevels]): Of each sample, of one size.
        area (float): See :func:`select_region`.
        compare (str): See :func:`select_region`.

    Returns:
        dict[str, Tensor]: ``whole_image``, ``centre`` and ``oracle_cap``,
        each (B,) float64.
    """
    if not all(target.is_exact for target in targets):
        return baseline_cious(
            torch.stack([target.target for target in targets]), area, compare)
    above = _centre_counts(targets[0].height, area, compare)
    columns = np.arange(above.shape[1])
    hits: List[List[int]] = []
    for target in targets:
        ends = [above[runs, columns].sum(axis=(1, 2)) for runs in target.runs]
        hits.append([int(end - start) for start, end in ends])
    pixels = targets[0].pixels
    count = pixels - int(pixels * area) - (compare == '>')
    inside = np.array([target.inside for target in targets]).T
    cious = dict(
        whole_image=count_ciou(inside, inside, np.array(pixels)),
        centre=count_ciou(inside,
                          np.array(hits).T, above[-1].sum()),
        # The best region takes pixels of the last level first.
        oracle_cap=count_ciou(inside, np.minimum(inside, count),
                              np.array(count)))
    return {kind: torch.from_numpy(values) for kind, values in cious.items()}
