"""Does the map listen: the same frames with sounds that nothing makes."""
import hashlib
from dataclasses import replace
from itertools import groupby
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from fnac_mm.functional import (PUBLISHED_THRESHOLDS, active_share,
                                calibrate_threshold, region_ciou,
                                summarize_negative_audio)
from fnac_mm.registry import METRICS
from ..report import format_table
from .map_metric import CHUNK, MapMetric

# Of these the published threshold is on the cosine itself.
ON_COSINE = ('lvs', 'ssl_tie', 'sslalign')


def source_id(row: Dict[str, Any]) -> str:
    """Id of the clip whose frame a sample shows.

    Args:
        row (dict): With ``sample_id`` and, of negatives, ``negative_kind``.

    Returns:
        str: What stands before the ``+`` that a negative's id ends with.
    """
    sample_id: str = row['sample_id']
    return sample_id.rpartition(
        '+')[0] if 'negative_kind' in row else sample_id


@METRICS.register_module()
class NegativeAudioMetric(MapMetric):
    """CIoU_U, pIA, AUC_N, F_LOC and F_AUC of vssl_eval, in percent.

    To be given a test set together with its ``NegativeAudio``, see
    docs/evaluation.md. One threshold U on ``(cos + 1) / 2`` decides for all
    samples. Keys, after ``negative_audio/``, are ``audio_visual/ciou_u``,
    ``.../auc_u``, ``.../f_loc``, ``.../f_auc`` and of each kind of negative
    ``.../pia/<kind>``, ``.../auc_n/<kind>``, ``.../f_loc/<kind>`` and
    ``.../f_auc/<kind>``; the same under ``whole_image/`` (everything always
    sounds) and ``deaf/`` (the model's own maps, whatever the sound);
    ``threshold``, ``n`` (positives scored), ``n_calibration`` (clips held
    out) and ``n_listed``.

    Args:
        protocol (str | dict | Protocol): How maps are enlarged; see
            :class:`MapMetric`. Defaults to ``'vssl_eval'``, whose threshold
            is not used.
        threshold (float | str, optional): U, or the name of a model whose
            published one is meant. None (default): third quartile of the
            maxima of all negatives of clips that are held out for it and
            not scored.
        calibration (float): Share of the clips held out. Defaults to 0.5.
        seed (int): Of the choice of clips, which depends on nothing else
            but their ids. Defaults to 0.
        **kwargs: Other arguments of :class:`MapMetric`.

    Raises:
        ValueError: If the threshold is unknown or the share not in (0, 1).
    """

    default_prefix = 'negative_audio'

    def __init__(self,
                 protocol: Any = 'vssl_eval',
                 threshold: Union[None, float, str] = None,
                 calibration: float = 0.5,
                 seed: int = 0,
                 **kwargs: Any) -> None:
        super().__init__(protocol, **kwargs)
        if isinstance(threshold, str):
            if threshold not in PUBLISHED_THRESHOLDS:
                raise ValueError(f'no published threshold of {threshold!r}; '
                                 'known are '
                                 f'{", ".join(sorted(PUBLISHED_THRESHOLDS))}')
            value = PUBLISHED_THRESHOLDS[threshold]
            threshold = (value + 1) / 2 if threshold in ON_COSINE else value
        if not 0 < calibration < 1:
            raise ValueError('calibration must be in (0, 1), got '
                             f'{calibration}')
        self.threshold = threshold
        self.calibration = calibration
        self.seed = seed

    def score(self, rows: List[dict], samples: Sequence[dict], maps: Tensor,
              objects: Optional[Tensor]) -> None:
        """Add the map and the largest value of its enlargement.

        Args:
            rows (list[dict]): Rows.
            samples (Sequence[dict]): Samples of the rows.
            maps (Tensor): (B, h, w), cosines.
            objects (Tensor, optional): Not used: it has heard nothing.
        """
        peaks = self._enlarge(maps).amax(dim=(1, 2)).tolist()
        for row, map, peak in zip(rows, maps, peaks):
            row.update(small_map=map.numpy(), peak=peak)

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent.

        Args:
            rows (list[dict]): Of all samples.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: If there are no positives, no negatives, or none of
                them is left for the threshold or the score.
        """
        scored, threshold, held_out = self._calibrate(rows)
        cious: List[float] = []
        whole: List[float] = []
        own: List[float] = []
        shares: Dict[str, List[float]] = {}
        for kind, chunk, large in self._chunks(scored):
            active = active_share(large, threshold).tolist()
            if kind != 'positive':
                shares.setdefault(kind, []).extend(active)
                continue
            targets = self.targets(chunk)
            own += active
            cious += region_ciou(large > threshold, targets).tolist()
            whole += region_ciou(
                torch.ones_like(large, dtype=torch.bool), targets).tolist()
        if not cious or not shares:
            raise ValueError(
                f'{len(cious)} samples with their own sound and '
                f'{sum(map(len, shares.values()))} negatives are left to be '
                'scored: both are needed')
        full = dict.fromkeys(shares, [1.])
        deaf = dict.fromkeys(shares, own)
        metrics: Dict[str, float] = {}
        for name, found, silent in (('audio_visual', cious,
                                     shares), ('whole_image', whole, full),
                                    ('deaf', cious, deaf)):
            summary = summarize_negative_audio(found, silent)
            metrics.update({f'{name}/{k}': v for k, v in summary.items()})
        return dict(
            metrics,
            threshold=threshold,
            n=len(cious),
            n_calibration=held_out,
            n_listed=self.meta('n_listed', len(cious)))

    def report(self, metrics: Dict[str, float]) -> str:
        """Table for the log.

        Args:
            metrics (dict[str, float]): See the class.

        Returns:
            str: Several lines.
        """
        start = 'audio_visual/pia/'
        kinds = [k[len(start):] for k in metrics if k.startswith(start)]
        columns = dict(ciou_u='cIoU_U', auc_u='AUC_U')
        columns.update({f'pia/{kind}': f'pIA {kind}' for kind in kinds})
        columns.update(f_loc='F_LOC', f_auc='F_AUC')
        origin = (f'calibrated on {metrics["n_calibration"]:,} clips'
                  if self.threshold is None else 'given')
        return '\n'.join([
            f'{self.meta("dataset_name", "data set")}: n = {metrics["n"]:,} '
            f'of {metrics["n_listed"]:,}, and negatives',
            f'maps of protocol {self.protocol.name}; (cos + 1) / 2 > '
            f'{metrics["threshold"]:.4f}, {origin}', *format_table(
                metrics, columns,
                ('audio_visual', 'whole_image', 'deaf'), self.protocol.alpha)
        ])

    def _calibrate(self, rows: List[dict]) -> Tuple[List[dict], float, int]:
        """Rows to score, threshold, number of clips held out."""
        if self.threshold is not None:
            return rows, float(self.threshold), 0
        held_out = {
            clip
            for clip in map(source_id, rows)
            if self._draw(clip) < self.calibration
        }
        peaks = [
            row['peak'] for row in rows
            if 'negative_kind' in row and source_id(row) in held_out
        ]
        if not peaks:
            raise ValueError('no negative among the clips held out for the '
                             f'threshold ({len(held_out)} clips); give more '
                             'samples or threshold=')
        scored = [row for row in rows if source_id(row) not in held_out]
        return scored, calibrate_threshold(peaks), len(held_out)

    def _draw(self, clip: str) -> float:
        """Number in [0, 1) that depends on nothing but seed and id."""
        text = f'{self.seed}\0calibration\0{clip}'
        digest = hashlib.blake2b(text.encode(), digest_size=6).digest()
        return int.from_bytes(digest, 'little') / 2**48

    def _chunks(self,
                rows: List[dict]) -> Iterator[Tuple[str, List[dict], Tensor]]:
        """Rows of one kind and their large maps, some at a time."""

        def group(row: dict) -> Tuple[str, Tuple[int, ...]]:
            return row.get('negative_kind', 'positive'), row['small_map'].shape

        for (kind, _), members in groupby(sorted(rows, key=group), group):
            same = list(members)
            for start in range(0, len(same), CHUNK):
                chunk = same[start:start + CHUNK]
                maps = np.stack([row['small_map'] for row in chunk])
                yield kind, chunk, self._enlarge(torch.from_numpy(maps))

    def _enlarge(self, maps: Tensor) -> Tensor:
        """(B, size, size), (cos + 1) / 2."""
        # With a threshold, whichever, maps are not normalised.
        return replace(self.protocol, threshold=0.5).maps(maps)['audio_visual']
