"""Targets as levels, each a region, of which pixels need only be counted.

Shape legend: L levels, (H, W) pixels.
"""
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from .baseline_score import baseline_cious, centre_region
from .localization_score import ArrayLike, boxes_to_pixels


class TargetLevels(NamedTuple):
    """A target that is the mean of regions.

    Level j of a consensus is where more than j annotators drew a box; a union
    or a mask is its only level.

    Attributes:
        levels (np.ndarray): Boolean (L, H, W), each within the one before.
        inside (tuple[int, ...]): Pixels of each level.
    """
    levels: np.ndarray
    inside: Tuple[int, ...]

    @classmethod
    def of(cls, levels: np.ndarray) -> 'TargetLevels':
        """Count the pixels.

        Args:
            levels (np.ndarray): See the class.

        Returns:
            TargetLevels: With the counts.
        """
        return cls(levels,
                   tuple(int(np.count_nonzero(level)) for level in levels))

    @property
    def is_exact(self) -> bool:
        """Whether sums of the target are exact in float32, as counts are."""
        return len(self.levels).bit_count() == 1

    @property
    def target(self) -> Tensor:
        """(H, W) float32 in [0, 1], see :func:`boxes_to_target`."""
        number = self.levels.sum(axis=0, dtype=np.float32)
        return torch.from_numpy(number / np.float32(len(self.levels)))

    def ciou(self, hits: Sequence[int], selected: int) -> float:
        """cIoU of a region, with 0 / 0 := 0; right if ``is_exact``.

        Args:
            hits (Sequence[int]): Pixels that it shares with each level.
            selected (int): Its pixels.

        Returns:
            float: In [0, 1].
        """
        total = sum(self.inside) / len(self.inside)
        union = total + (selected - hits[0])
        return sum(hits) / len(self.inside) / union if union else 0.0


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
        levels = np.zeros((1, size, size), bool)
        for x0, y0, x1, y1 in corners:
            levels[0, y0:y1, x0:x1] = True
    else:
        number = np.zeros((size, size), np.int32)
        for x0, y0, x1, y1 in corners:
            number[y0:y1, x0:x1] += 1
        levels = number > np.arange(consensus)[:, None, None]
    return TargetLevels.of(levels)


def _baselines(target: TargetLevels, centre: np.ndarray,
               count: int) -> List[float]:
    """Of a target whose best region has ``count`` pixels."""
    inside = target.inside
    hits = [int(np.count_nonzero(centre & x)) for x in target.levels]
    # The best region takes pixels of the last level first.
    best = [min(pixels, count) for pixels in inside]
    return [
        target.ciou(inside, centre.size),
        target.ciou(hits, int(np.count_nonzero(centre))),
        target.ciou(best, count)
    ]


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
    centre = centre_region(targets[0].levels.shape[-1], area, compare)[0]
    count = centre.numel() - int(centre.numel() * area) - (compare == '>')
    table = [_baselines(t, centre.numpy(), count) for t in targets]
    columns = torch.tensor(table, dtype=torch.float64).T
    return dict(zip(('whole_image', 'centre', 'oracle_cap'), columns))
