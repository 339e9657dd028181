"""Scores with sounds of other clips, or of nothing in the picture (vssl_eval).

Maps are neither stretched nor cut at a share of the picture: one threshold U
per model, on ``(cos + 1) / 2`` for the models of EZ-VSL's kind and on the
cosine for the others, decides everywhere whether a pixel sounds.

Shape legend: B batch, (H, W) pixels.
"""
import hashlib
from typing import Dict, Hashable, List, Mapping, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor

from .localization_map import check_finite, resize_map
from .localization_score import ArrayLike
from .success_score import success_auc, threshold_auc

# Hard-coded in vssl_eval: third quartile of the maxima of negatives.
PUBLISHED_THRESHOLDS: Dict[str, float] = dict(
    ez=0.6382,
    slavc=0.5450,
    fnac=0.5538,
    lvs=0.6077,
    ssl_tie=0.3338,
    sslalign=0.3175)


def _as_shares(values: ArrayLike, what: str) -> np.ndarray:
    """Flat float64 array; ValueError if empty or not finite."""
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    if not array.size or not np.isfinite(array).all():
        raise ValueError(f'{what}: expected at least one value, all finite, '
                         f'got {array.size}, of which '
                         f'{int((~np.isfinite(array)).sum())} not finite')
    return array


def calibrate_threshold(maxima: ArrayLike, quantile: float = 0.75) -> float:
    """Universal threshold: what three quarters of negatives stay under.

    Args:
        maxima (Tensor): (n,) maximum of the map of each sample with a
            negative sound; silence, noise and off-screen pooled, of clips
            that are not scored.
        quantile (float): Defaults to 0.75, linear between values.

    Returns:
        float: The threshold.

    Raises:
        ValueError: If there is no value, one is not finite, or the quantile
            is outside [0, 1].
    """
    if not 0 <= quantile <= 1:
        raise ValueError(f'quantile must be in [0, 1], got {quantile}')
    return float(np.quantile(_as_shares(maxima, 'maxima'), quantile))


def active_share(map: Tensor, threshold: Union[float, Tensor]) -> Tensor:
    """Share of each picture above the threshold; its mean is the pIA.

    Args:
        map (Tensor): (B, H, W), not normalised.
        threshold (float | Tensor): One, or (B,): at what the same pictures
            are cut with their own sound (:func:`area_threshold`,
            :func:`adaptive_threshold`).

    Returns:
        Tensor: (B,) float64. A constant map gives 0 or 1.

    Raises:
        ValueError: If a map or threshold is not finite or the shapes don't
            fit.
    """
    limit = torch.as_tensor(threshold, device=map.device)
    if map.dim() != 3 or (limit.dim() and limit.shape != map.shape[:1]):
        raise ValueError('expected map (B,H,W) and one threshold or (B,), '
                         f'got {tuple(map.shape)} and {tuple(limit.shape)}')
    check_finite(map, limit, what='a map or threshold')
    above = map > (limit[:, None, None] if limit.dim() else limit)
    return above.double().mean(dim=(1, 2))


def placement_confidence(map: Tensor, size: int = 224) -> Tensor:
    """Largest cosine (B,) of enlarged maps: what tells sound from silence.

    A universal threshold U of vssl_eval decides on ``(cos + 1) / 2``, so a
    picture in which nothing sounds has a confidence of at most ``2 U - 1``.

    Args:
        map (Tensor): (B, h, w), cosines.
        size (int): Pixels of each side at which U was found.
    """
    return resize_map(map, size).amax(dim=(1, 2))


def negative_auc(shares: ArrayLike) -> float:
    """AUC_N: area under the rate of samples with at most that active share.

    Args:
        shares (Tensor): (n,), see :func:`active_share`.

    Returns:
        float: In [0, 1], higher is better; thresholds ``0.05 * k`` and
        trapezoids as in :func:`success_auc`.

    Raises:
        ValueError: If there is no sample or a value is not finite.
    """
    return threshold_auc(_as_shares(shares, 'shares'), np.less_equal)


def harmonic_mean(first: float, second: float) -> float:
    """Harmonic mean of two numbers that are not negative, 0 / 0 := 0."""
    total = first + second
    return 2 * first * second / total if total else 0.0


def summarize_negative_audio(
        cious: ArrayLike, shares: Mapping[str, ArrayLike]) -> Dict[str, float]:
    """All numbers of vssl_eval, in percent.

    Args:
        cious (Tensor): (n,) of the positives at the universal threshold:
            ``consensus_iou(map, target, compare='>', threshold=U)``.
        shares (Mapping[str, Tensor]): (m,) active shares at the same
            threshold of each kind of negative, by its name.

    Returns:
        dict[str, float]: ``ciou_u`` (a mean, not a success rate), ``auc_u``,
        ``f_loc`` and ``f_auc`` over all kinds, and of each kind ``pia/<kind>``
        (lower is better), ``auc_n/<kind>``, ``f_loc/<kind>`` and
        ``f_auc/<kind>``.

    Raises:
        ValueError: If there is no kind, a kind has no sample or a value is
            not finite.
    """
    if not shares:
        raise ValueError('shares: expected at least one kind of negatives')
    found = (100 * float(_as_shares(cious, 'cious').mean()),
             100 * success_auc(cious))
    result = dict(ciou_u=found[0], auc_u=found[1])
    quiet = {}
    for kind, values in shares.items():
        active = 100 * float(_as_shares(values, f'shares of {kind}').mean())
        quiet[f'/{kind}'] = (100 - active, 100 * negative_auc(values))
        result[f'pia/{kind}'] = active
        result[f'auc_n/{kind}'] = quiet[f'/{kind}'][1]
    quiet[''] = np.mean(list(quiet.values()), axis=0).tolist()
    for end, (silent, silent_auc) in quiet.items():
        result[f'f_loc{end}'] = harmonic_mean(found[0], silent)
        result[f'f_auc{end}'] = harmonic_mean(found[1], silent_auc)
    return result


def draw_partners(sample_ids: Sequence[str],
                  clips: Sequence[str],
                  groups: Optional[Sequence[Hashable]] = None,
                  seed: int = 0) -> Optional[List[str]]:
    """Draw for each sample a clip that is not its own.

    Uniformly from the other clips, of which none is in the sample's group.
    The draw of a sample depends on the seed, its id and the clips there are,
    not on the order or the number of processes.

    Args:
        sample_ids (Sequence[str]): n ids.
        clips (Sequence[str]): n names of the recordings; samples may share
            one (the frames of a clip).
        groups (Sequence, optional): n keys of what belongs together (the
            sounds of a picture). None (default): nothing does.
        seed (int): Defaults to 0.

    Returns:
        list[str] | None: n names of clips; None if there is a sample for
        which no other clip exists.

    Raises:
        ValueError: If the lists differ in length.
    """
    keys: Sequence[Hashable] = sample_ids if groups is None else groups
    if not len(sample_ids) == len(clips) == len(keys):
        raise ValueError('expected as many clips and groups as samples, got '
                         f'{len(sample_ids)}, {len(clips)} and {len(keys)}')
    names = sorted(set(clips))
    used = set(zip(clips, keys))
    drawn = []
    for sample_id, clip, key in zip(sample_ids, clips, keys):
        digest = hashlib.blake2b(f'{seed}\0shuffled\0{sample_id}'.encode())
        rng = np.random.default_rng(list(digest.digest()))
        order = (names[i] for i in rng.permutation(len(names)))
        partner = next(
            (n for n in order if n != clip and (n, key) not in used), None)
        if partner is None:
            return None
        drawn.append(partner)
    return drawn
