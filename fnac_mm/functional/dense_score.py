"""cIoUs of maps that are enlarged, one sample after the other.

What :mod:`.map_score` can't do without enlarging, in memory that stays in the
cache of a core. Shape legend: (h, w) positions, (H, W) pixels.
"""
from typing import List, Optional, Sequence, Tuple

import numpy as np
from torch import Tensor

from .localization_map import fuse_into, normalize_into
from .map_enlargement import (AxisWindows, enlargement_of, is_plain,
                              product_heighten, product_widen)
from .protocol import Protocol
from .target_levels import TargetLevels, count_ciou

# Pixels of a side up to which float32 counts exactly.
LARGEST = 4096


class DenseScorer:
    """Scores samples of one shape as :class:`Protocol` does.

    Args:
        protocol (Protocol): With a threshold relative to the picture.
        enlargements (Sequence): Rows and columns of the audio-visual map
            and, if there is one, of the object map.
    """

    def __init__(self, protocol: Protocol,
                 enlargements: Sequence[Tuple[AxisWindows, ...]]) -> None:
        self.protocol = protocol
        self.enlargements = enlargements
        self.index = int(protocol.size**2 * protocol.area)
        self.large = np.empty((len(enlargements), protocol.size,
                               protocol.size), np.float32)  # yapf: disable
        self.fused = np.empty_like(self.large[:len(enlargements) - 1])

    @classmethod
    def of(cls, protocol: Protocol,
           maps: Sequence[Tensor]) -> Optional['DenseScorer']:
        """A scorer, if this is one for the protocol and these maps.

        Args:
            protocol (Protocol): Any.
            maps (Sequence[Tensor]): (B, h, w) each.

        Returns:
            DenseScorer | None: None leaves them to ``Protocol.maps``.
        """
        if protocol.threshold is not None or protocol.fuse_scores or \
                protocol.size > LARGEST or not all(map(is_plain, maps)):
            return None
        modes = ((protocol.mode, protocol.align_corners),
                 (protocol.object_mode, protocol.object_align_corners))
        found = [
            enlargement_of((map.shape[1], map.shape[2]),
                           (protocol.size, protocol.size), *mode)
            for map, mode in zip(maps, modes)
        ]
        known = [enlargement for enlargement in found if enlargement]
        return cls(protocol, known) if len(known) == len(found) else None

    def cious(self, small: Sequence[np.ndarray],
              targets: Sequence[TargetLevels]) -> np.ndarray:
        """cIoU of each kind of map.

        Args:
            small (Sequence[np.ndarray]): (B, h, w) float32, one or two.
            targets (Sequence[TargetLevels]): B of (H, W).

        Returns:
            np.ndarray: (B, K) float64.
        """
        wide = [
            product_widen(maps, columns)
            for maps, (_, columns) in zip(small, self.enlargements)
        ]
        counts = np.array([
            self._sample_counts(sample, target)
            for *sample, target in zip(*wide, targets)
        ])
        inside = np.array([target.inside for target in targets]).T
        return count_ciou(inside[:, :, None],
                          np.moveaxis(counts[..., 1:], 2, 0), counts[..., 0])

    def _sample_counts(self, wide: Sequence[np.ndarray],
                       target: TargetLevels) -> List[List[int]]:
        """(K, 1 + L) of (h, W), see :meth:`_count`."""
        for out, map, (rows, _) in zip(self.large, wide, self.enlargements):
            product_heighten(map, rows, out=out)
            normalize_into(out, out)
        if len(self.fused):
            own, other = self.large
            fuse_into(self.fused[0], own, other, self.protocol.alpha)
        window, levels = target.window
        return [
            self._count(large, window, levels)
            for large in (*self.large, *self.fused)
        ]

    def _count(self, large: np.ndarray, window: Tuple[slice, slice],
               levels: np.ndarray) -> List[int]:
        """Number of pixels predicted, and of those within each level.

        Args:
            large (np.ndarray): (H, W), normalised; is put in disorder.
            window (tuple[slice, slice]): See :attr:`TargetLevels.window`.
            levels (np.ndarray): The same.
        """
        part = large[window].copy()
        # In place: a copy of whole pages can take longer than the ordering.
        ordered = large.reshape(-1)
        ordered.partition(self.index)
        above, limit = ordered[self.index:], ordered[self.index]
        if self.protocol.compare == '>=':
            predicted = part >= limit
            number = len(above) + np.count_nonzero(
                ordered[:self.index] == limit)
        else:
            predicted = part > limit
            number = np.count_nonzero(above > limit)
        return [number, *(np.count_nonzero(predicted & x) for x in levels)]
