"""cIoUs of maps that are enlarged, one sample after the other.

What :mod:`.map_score` can't do without enlarging, in memory that stays in the
cache of a core. Shape legend: (h, w) positions, (H, W) pixels.
"""
from typing import List, Optional, Sequence, Tuple

import numpy as np
from torch import Tensor

from .localization_map import fuse_into, normalize_into
from .localization_score import NOT_FINITE
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
        kinds = 1 if len(enlargements) == 1 else 3
        self.large = np.empty((kinds, protocol.size, protocol.size),
                              np.float32)

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

        Raises:
            ValueError: If an enlarged map is not finite.
        """
        wide = [
            product_widen(maps, columns)
            for maps, (_, columns) in zip(small, self.enlargements)
        ]
        return np.array([
            self._sample_cious(sample, target)
            for *sample, target in zip(*wide, targets)
        ])

    def _sample_cious(self, wide: Sequence[np.ndarray],
                      target: TargetLevels) -> np.ndarray:
        """(K) of (h, W)."""
        for out, map, (rows, _) in zip(self.large, wide, self.enlargements):
            product_heighten(map, rows, out=out)
            normalize_into(out, out)
        if len(self.large) > 1:
            fuse_into(self.large[2], self.large[0], self.large[1],
                      self.protocol.alpha)
        window, levels = target.window
        counts = [self._count(large, window, levels) for large in self.large]
        selected, *hits = np.array(counts).T
        inside = np.array(target.inside)[:, None]
        return count_ciou(inside, np.array(hits), selected)

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
        if not np.isfinite(above.max()):
            raise ValueError(NOT_FINITE)
        if self.protocol.compare == '>=':
            predicted = part >= limit
            number = len(above) + np.count_nonzero(
                ordered[:self.index] == limit)
        else:
            predicted = part > limit
            number = np.count_nonzero(above > limit)
        return [number, *(np.count_nonzero(predicted & x) for x in levels)]
