"""Adaptive cIoU of SSL-Alignment: as many pixels as the target has.

It is told the size of the object, so it is another task than the cIoU of
:mod:`.localization_score`; the two must not share a column.

Shape legend: B batch, (H, W) pixels, N = H * W.
"""
import numpy as np
import torch
from torch import Tensor

from .localization_score import region_ciou


def _ascending(flat: Tensor) -> Tensor:
    """Sorted rows; numpy sorts some 15 times faster than torch's CPU."""
    if flat.is_cuda:
        return flat.sort(dim=1).values
    return torch.from_numpy(np.sort(flat.numpy(), axis=1))


def adaptive_threshold(map: Tensor, target: Tensor) -> Tensor:
    """Value at which a map keeps as many pixels as the target has.

    With k the number of pixels where the target is not 0 (those that one
    annotator of Flickr-SoundNet marked count too), it is the k-th largest
    value; an empty target counts as half a picture.

    Args:
        map (Tensor): (B, H, W), or (1, H, W) for all targets.
        target (Tensor): (B, H, W) in [0, 1].

    Returns:
        Tensor: (B,) float32, or float64 for a map of that type.

    Raises:
        ValueError: If the shapes don't fit or a map is not finite.
    """
    if (map.dim() != 3 or map.shape[1:] != target.shape[1:]
            or len(map) not in (1, len(target))):
        raise ValueError('expected map (B,H,W) or (1,H,W) and target (B,H,W), '
                         f'got {tuple(map.shape)} and {tuple(target.shape)}')
    if not torch.isfinite(map).all():
        raise ValueError('a map holds NaN or infinity; it has no score')
    flat = map.detach().flatten(1)
    if flat.dtype != torch.float64:
        flat = flat.float()
    size = flat.shape[1]
    count = torch.count_nonzero(target.flatten(1) != 0, dim=1)
    count = torch.where(count == 0, size // 2, count).to(flat.device)
    ordered = _ascending(flat).expand(len(target), -1)
    return ordered.gather(1, (size - count)[:, None])[:, 0]


def adaptive_region(map: Tensor, target: Tensor, compare: str = '>') -> Tensor:
    """Binary prediction at the threshold of each target.

    Args:
        map (Tensor): (B, H, W), or (1, H, W) for all targets.
        target (Tensor): (B, H, W) in [0, 1].
        compare (str): ``'>'`` (published) keeps one pixel less than the
            target has, where no two values are equal; ``'>='`` as many.

    Returns:
        Tensor: Boolean (B, H, W). A constant map gives nothing under
        ``'>'`` and everything under ``'>='``.

    Raises:
        ValueError: If ``compare`` is unknown, the shapes don't fit or a map
            is not finite.
    """
    if compare not in ('>=', '>'):
        raise ValueError(f"compare must be '>=' or '>', got {compare!r}")
    limit = adaptive_threshold(map, target)[:, None, None]
    return map >= limit if compare == '>=' else map > limit


def adaptive_ciou(map: Tensor, target: Tensor, compare: str = '>') -> Tensor:
    """Consensus IoU at the threshold of each target (SSL-Alignment).

    ``success_rate`` and ``success_auc`` of it are the published
    ``cIoU_adap`` and ``AUC_adap``. With ``centre_map()[None]`` for a map it
    is what the image-blind guess gets.

    Args:
        map (Tensor): (B, H, W), or (1, H, W) for all targets.
        target (Tensor): (B, H, W) in [0, 1].
        compare (str): See :func:`adaptive_region`.

    Returns:
        Tensor: (B,) float64 in [0, 1]; 0 for an empty target.

    Raises:
        ValueError: If ``compare`` is unknown, the shapes don't fit or a map
            is not finite.
    """
    region = adaptive_region(map, target, compare)
    return region_ciou(region.to(target.device), target)
