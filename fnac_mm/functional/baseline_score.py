"""What a score is worth: image-blind guesses and the best possible one.

Shape legend: B batch, (H, W) pixels.
"""
from functools import lru_cache
from typing import Dict

import numpy as np
import torch
from torch import Tensor

from .localization_score import region_ciou, select_region
from .rows import as_array, for_each_row


def oracle_ciou(target: Tensor,
                area: float = 0.5,
                compare: str = '>=') -> Tensor:
    """Best cIoU that any map without ties can reach under the area rule.

    The rule always selects the same number of pixels; the best choice takes
    those of the largest target first.

    Args:
        target (Tensor): (B, H, W) in [0, 1].
        area (float): See :func:`select_region`.
        compare (str): See :func:`select_region`.

    Returns:
        Tensor: (B,) float64.
    """
    size = target.shape[1:].numel()
    count = size - int(size * area) - (compare == '>')
    targets = as_array(target).reshape(-1, size)

    def best(row: int) -> float:
        values = targets[row]
        inside = int(np.count_nonzero(values > 0))
        total = hit = float(values.sum(dtype=np.float64))
        # Only of a target larger than the region is anything left out.
        if inside > count:
            order = np.partition(values, min(size - count, size - 1))
            hit = float(order[size - count:].sum(dtype=np.float64))
        union = total + max(count - inside, 0)
        return hit / union if union else 0.0

    cious = for_each_row(best, len(targets))
    return torch.tensor(cious, dtype=torch.float64, device=target.device)


def centre_map(size: int = 224) -> Tensor:
    """Image-blind guess: minus the squared distance from the centre.

    Args:
        size (int): Pixels of each side. Defaults to 224.

    Returns:
        Tensor: (size, size) float32.
    """
    axis = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    return -(axis[:, None].square() + axis[None, :].square())


@lru_cache(maxsize=8)
def centre_region(size: int, area: float, compare: str) -> Tensor:
    """What the centre map predicts, kept for the next call.

    Args:
        size (int): Pixels of each side.
        area (float): See :func:`select_region`.
        compare (str): See :func:`select_region`.

    Returns:
        Tensor: Boolean (1, size, size); not to be written to.
    """
    return select_region(centre_map(size)[None], area, compare)


def baseline_cious(target: Tensor,
                   area: float = 0.5,
                   compare: str = '>=') -> Dict[str, Tensor]:
    """What a score on these targets is worth: image-blind guesses and cap.

    Args:
        target (Tensor): (B, H, W) in [0, 1].
        area (float): See :func:`select_region`.
        compare (str): See :func:`select_region`.

    Returns:
        dict[str, Tensor]: ``whole_image``, ``centre`` and ``oracle_cap``,
        each (B,) float64.
    """
    centre = centre_region(target.shape[-1], area, compare)
    whole = torch.ones_like(centre)
    return dict(
        whole_image=region_ciou(whole.expand(target.shape), target),
        centre=region_ciou(centre.expand(target.shape), target),
        oracle_cap=oracle_ciou(target, area, compare))
