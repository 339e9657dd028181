"""Is there still something in the features? Figures of a batch.

Shape legend: B rows, C channels. Features are of any floating type; all is
computed in float64, without gradient.
"""
import math

import torch
import torch.nn.functional as F
from torch import Tensor


def _check(features: Tensor, name: str, rows: int = 1) -> Tensor:
    """Float64 without gradient; ValueError unless (B >= rows, C)."""
    if features.dim() != 2 or len(features) < rows:
        raise ValueError(f'{name} must be (B, C) with B >= {rows}, got '
                         f'{tuple(features.shape)}')
    return features.detach().double()


def effective_rank(features: Tensor) -> Tensor:
    """How many directions the features span, weighted by their strength.

    ``exp(-sum p log p)`` with p the singular values over their sum: `The
    effective rank <https://infoscience.epfl.ch/record/110188>`_ (Roy and
    Vetterli, 2007); as a sign of collapse: `RankMe
    <https://arxiv.org/abs/2210.02885>`_. The features are not centred: equal
    rows have rank 1, n orthonormal ones n.

    Args:
        features (Tensor): (B, C), not all zero.

    Returns:
        Tensor: Scalar in [1, min(B, C)]; NaN if all features are zero.

    Raises:
        ValueError: If the shape is another.
    """
    rows = _check(features, 'features')
    # The same values as those of the SVD, from the smaller Gram matrix.
    gram = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    eigenvalues = torch.linalg.eigvalsh(gram).clamp(min=0)
    # What is rounding of float32 rows would otherwise count as directions.
    noise = eigenvalues[-1] * torch.finfo(torch.float32).eps**2
    singular = eigenvalues.where(eigenvalues > noise, 0).sqrt()
    shares = singular / singular.sum()
    return torch.special.entr(shares).sum().exp()


def uniformity(features: Tensor, t: float = 2.0) -> Tensor:
    """How evenly the features cover the sphere; the lower, the better.

    ``log mean exp(-t |x - y|^2)`` over all pairs of different rows, at unit
    length: `Understanding Contrastive Representation Learning through
    Alignment and Uniformity on the Hypersphere
    <https://arxiv.org/abs/2005.10242>`_.

    Args:
        features (Tensor): (B, C), of any length, B >= 2.
        t (float): Defaults to 2.

    Returns:
        Tensor: Scalar in [-4 t, 0]: 0 if all are equal, -2 t if all are
        perpendicular.

    Raises:
        ValueError: If the shape is another.
    """
    rows = F.normalize(_check(features, 'features', 2), dim=1)
    count = len(rows)
    exponents = (-t * (2 - 2 * rows @ rows.T)).clamp(max=0)
    exponents.fill_diagonal_(-torch.inf)
    pairs = count * (count - 1)
    return exponents.flatten().logsumexp(dim=0) - math.log(pairs)


def flat_row_share(features: Tensor,
                   others: Tensor,
                   temperature: float = 0.03,
                   level: float = 0.95) -> Tensor:
    """Share of rows whose softmax over similarities says next to nothing.

    The rows are the targets of FNAC, ``softmax(x y^T / tau)``. One counts as
    flat if its entropy is above ``level * log B``, that of a uniform one.

    Args:
        features (Tensor): (b, C), some of the rows.
        others (Tensor): (B, C), all of them, B >= 2.
        temperature (float): tau. Defaults to 0.03.
        level (float): Share of the greatest entropy. Defaults to 0.95.

    Returns:
        Tensor: Scalar in [0, 1].

    Raises:
        ValueError: If a shape or number is out of range.
    """
    if temperature <= 0 or not 0 < level < 1:
        raise ValueError('temperature must be positive and level in (0, 1), '
                         f'got {temperature} and {level}')
    rows, others = _check(features, 'features'), _check(others, 'others', 2)
    targets = F.softmax(rows @ others.T / temperature, dim=1)
    entropy = torch.special.entr(targets).sum(dim=1)
    return (entropy > level * math.log(len(others))).double().mean()
