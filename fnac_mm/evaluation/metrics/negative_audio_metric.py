"""Does the map listen: the same frames with sounds that nothing makes."""
import hashlib
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import (Any, Dict, Iterator, List, Mapping, Optional, Sequence,
                    Tuple, Union)

import numpy as np
import torch
from torch import Tensor

from fnac_mm.functional import (PUBLISHED_THRESHOLDS, Protocol,
                                SampleStatistic, active_share,
                                calibrate_threshold, negative_auc, region_ciou,
                                sample_scores, summarize_negative_audio)
from fnac_mm.registry import METRICS
from .map_metric import MapMetric
from .sample_metric import CHUNK

# Of these the published threshold is on the cosine itself.
ON_COSINE = ('lvs', 'ssl_tie', 'sslalign')


def source_id(row: Dict[str, Any]) -> str:
    """Id of the clip whose frame a sample shows: what is before the ``+``."""
    sample_id: str = row['sample_id']
    return sample_id.rpartition(
        '+')[0] if 'negative_kind' in row else sample_id


@dataclass
class _Measured:
    """What is scored: positives by clip, negatives of a kind with clips.

    A clip has a negative of a kind for each seed, and all are pooled.
    """
    threshold: float
    held_out: int
    cious: Dict[str, float]
    whole: List[float]
    own: List[float]
    shares: Dict[str, List[Tuple[str, float]]]


def _f_score(key: str, kinds: Sequence[str], cious: np.ndarray, *shares:
             np.ndarray) -> float:
    """F_LOC or F_AUC in percent."""
    return summarize_negative_audio(cious, dict(zip(kinds, shares)))[key]


def _auc_n(shares: np.ndarray) -> float:
    """AUC_N in percent."""
    return 100 * negative_auc(shares)


@METRICS.register_module()
class NegativeAudioMetric(MapMetric):
    """CIoU_U, pIA, AUC_N, F_LOC and F_AUC of vssl_eval, in percent.

    To be given a test set together with its ``NegativeAudio``, see
    docs/evaluation.md. Negatives of several seeds are pooled, as in the
    published evaluation; clips stay the units of intervals. One threshold U
    on ``(cos + 1) / 2`` decides for all samples. Keys, after
    ``negative_audio/``, are ``audio_visual/ciou_u``,
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
    score_name = 'peak'
    predictors = dict(
        audio_visual='audio-visual', whole_image='whole image', deaf='deaf')
    references = ('whole_image', 'deaf')
    note = ('pIA: lower is better. Of negative audio n leaves out the samples '
            'that calibrate the threshold.')

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

    def options(self) -> Dict[str, Any]:
        """See the parent."""
        return dict(
            threshold=self.threshold,
            calibration=self.calibration,
            seed=self.seed)

    def score(self,
              rows: List[dict],
              maps: Tensor,
              objects: Optional[Tensor],
              baselines: bool = True) -> None:
        """Add the largest value of the enlarged map."""
        peaks = self._enlarge(maps).amax(dim=(1, 2)).tolist()
        for row, peak in zip(rows, peaks):
            row['peak'] = peak

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent.

        Raises:
            ValueError: If there are no positives, no negatives, or none of
                them is left for the threshold or the score.
        """
        found = self._measure(rows)
        cious = list(found.cious.values())
        shares = {
            k: [share for _, share in v]
            for k, v in found.shares.items()
        }
        parts = dict(
            audio_visual=(cious, shares),
            whole_image=(found.whole, dict.fromkeys(shares, [1.])),
            deaf=(cious, dict.fromkeys(shares, found.own)))
        metrics = {
            f'{name}/{key}': value
            for name, part in parts.items()
            for key, value in summarize_negative_audio(*part).items()
        }
        return dict(
            metrics,
            threshold=found.threshold,
            n=len(cious),
            n_calibration=found.held_out,
            n_listed=self.meta('n_listed', len(cious)))

    def statistics(self, rows: List[dict]) -> Dict[str, SampleStatistic]:
        """See the parent; clips are drawn, the threshold stays."""
        measured = self._measure(rows)
        cious = np.array(list(measured.cious.values()))
        found = {
            'ciou_u': SampleStatistic((100 * cious, )),
            'auc_u': SampleStatistic((sample_scores(cious)['auc'], )),
        }
        by_clip = []
        for kind, negatives in measured.shares.items():
            clips, shares = zip(*negatives)
            values = np.array(shares)
            found[f'pia/{kind}'] = SampleStatistic((100 * values, ), clips)
            found[f'auc_n/{kind}'] = SampleStatistic((values, ), clips, _auc_n)
            parts: Dict[str, List[float]] = {clip: [] for clip in clips}
            for clip, share in negatives:
                parts[clip].append(share)
            if parts.keys() == measured.cious.keys() and \
                    len(set(map(len, parts.values()))) == 1:
                by_clip.append(np.array([parts[c] for c in measured.cious]))
        # Drawn by clips, which must have as many negatives each.
        if len(by_clip) == len(measured.shares):
            for key in ('f_loc', 'f_auc'):
                found[key] = SampleStatistic(
                    (cious, *by_clip),
                    function=partial(_f_score, key, list(measured.shares)))
        return {f'audio_visual/{key}': value for key, value in found.items()}

    def _measure(self, rows: List[dict]) -> _Measured:
        """Overlap of the positives, active shares of all."""
        scored, threshold, held_out = self._calibrate(rows)
        found = _Measured(threshold, held_out, {}, [], [], {})
        for kind, chunk, large in self._chunks(scored):
            clips = [source_id(row) for row in chunk]
            active = active_share(large, threshold).tolist()
            if kind != 'positive':
                found.shares.setdefault(kind, []).extend(zip(clips, active))
                continue
            targets = self.targets(chunk)
            whole = torch.ones_like(large, dtype=torch.bool)
            found.own += active
            found.whole += region_ciou(whole, targets).tolist()
            overlap = region_ciou(large > threshold, targets).tolist()
            found.cious.update(zip(clips, overlap))
        if not found.cious or not found.shares:
            raise ValueError(
                f'{len(found.cious)} samples with their own sound and '
                f'{sum(map(len, found.shares.values()))} negatives are left '
                'to be scored: both are needed')
        return found

    def titles(self, metrics: Mapping[str, float]) -> Mapping[str, str]:
        """See the parent; here with the kinds of negatives that there are."""
        start = 'audio_visual/pia/'
        kinds = [k[len(start):] for k in metrics if k.startswith(start)]
        pia = {f'pia/{kind}': f'pIA {kind}' for kind in kinds}
        return dict(
            ciou_u='cIoU_U',
            auc_u='AUC_U',
            **pia,
            f_loc='F_LOC',
            f_auc='F_AUC')

    def head(self, metrics: Mapping[str, float]) -> List[str]:
        """See the parent."""
        first, = super().head(metrics)
        origin = (f'calibrated on {metrics["n_calibration"]:,} clips'
                  if self.threshold is None else 'given')
        return [
            f'{first}, and negatives',
            f'maps of protocol {self.protocol.name}; (cos + 1) / 2 > '
            f'{metrics["threshold"]:.4f}, {origin}'
        ]

    def sample_score(self, row: Mapping[str, Any], predictor: str) -> float:
        """See the parent; a single share says little."""
        if predictor == 'audio_visual':
            return float(row['peak'])
        return super().sample_score(row, predictor)

    def drawn_region(
            self, metrics: Mapping[str,
                                   float]) -> Tuple[Protocol, Optional[float]]:
        """See the parent; one threshold for all samples."""
        threshold = metrics['threshold']
        return replace(self.protocol, threshold=threshold), None

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

        def group(row: dict) -> Tuple[str, Tuple[int, int]]:
            shape = len(row['map']), len(row['map'][0])
            return row.get('negative_kind', 'positive'), shape

        for (kind, _), members in groupby(sorted(rows, key=group), group):
            same = list(members)
            for start in range(0, len(same), CHUNK):
                chunk = same[start:start + CHUNK]
                maps = torch.tensor([row['map'] for row in chunk])
                yield kind, chunk, self._enlarge(maps)

    def _enlarge(self, maps: Tensor) -> Tensor:
        """(B, size, size), (cos + 1) / 2."""
        # With a threshold, whichever, maps are not normalised.
        return replace(self.protocol, threshold=0.5).maps(maps)['audio_visual']
