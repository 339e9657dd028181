"""Does it sound, and where: sets with pairs in which nothing sounds."""
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Optional

import numpy as np
import torch
from torch import Tensor

from fnac_mm.functional import (SampleStatistic, baseline_cious, consensus_iou,
                                detection_ap, detection_f1, location_accuracy,
                                map_confidence, resize_map, sample_scores,
                                size_subsets, success_auc,
                                summarize_detections)
from fnac_mm.functional.detection_score import MODES
from fnac_mm.registry import METRICS
from ..sample_row import is_positive
from .map_metric import MapMetric


def _percent(function: Callable[..., float], mode: str, *columns:
             np.ndarray) -> float:
    """A detection score in percent; NaN without a positive."""
    return 100 * function(*columns, mode) if columns[2].any() else np.nan


@METRICS.register_module()
class ExtendedLocalizationMetric(MapMetric):
    """AP, max-F1 and LocAcc of SLAVC's extended sets, in percent.

    Keys, after ``extended/``, are ``audio_visual/loc_acc`` and
    ``audio_visual/auc`` (positives only), ``audio_visual/slavc/ap``,
    ``.../max_f1`` and ``.../f1`` as published, the same under
    ``audio_visual/standard/`` in the usual definition, and
    ``audio_visual/loc_acc_small`` (``_medium``, ``_large``, ``_huge``) by the
    size of the target where there is such a positive; all of these under
    ``object/`` and ``fused/`` if there are object maps, and under the
    baselines but for ``slavc/``: ``whole_image`` and ``centre`` cannot tell
    positives from negatives, ``oracle_cap`` can. ``n``, ``n_listed``,
    ``n_positive`` and ``n_negative``.

    The prediction is SLAVC's relative one: half of each picture. Its
    confidence is the mean of the upper quarter of the score before it is
    normalised: ``(cos + 1) / 2``, of an object map a 2.5th, and both in the
    weights of the protocol where they are fused.

    Args:
        protocol (str | dict | Protocol): See :class:`MapMetric`. Defaults to
            ``'slavc'``.
        **kwargs: Other arguments of :class:`MapMetric`.

    Raises:
        ValueError: If the protocol cuts maps at an absolute threshold.
    """

    default_prefix = 'extended'
    column = 'scores'
    score_name = 'cIoU'
    columns = {
        'loc_acc': 'LocAcc',
        'slavc/ap': 'AP slavc',
        'slavc/max_f1': 'maxF1 slavc',
        'standard/ap': 'AP standard',
        'standard/max_f1': 'maxF1 standard',
    }

    def __init__(self,
                 protocol: Any = 'slavc',
                 *args: Any,
                 **kwargs: Any) -> None:
        super().__init__(protocol, *args, **kwargs)
        if self.protocol.threshold is not None:
            raise ValueError(f'protocol {self.protocol.name!r} has an '
                             "absolute threshold; use 'slavc' or another one "
                             'that predicts a share of the picture')

    def score(self,
              rows: List[dict],
              maps: Tensor,
              objects: Optional[Tensor],
              baselines: bool = True) -> None:
        """Add cIoU and confidence by kind of map, and the target's size."""
        rule = self.protocol.area, self.protocol.compare
        targets = self.targets(rows)
        cious = {
            kind: consensus_iou(large, targets, *rule)
            for kind, large in self.protocol.maps(maps, objects).items()
        }
        if baselines:
            cious.update(baseline_cious(targets, *rule))
        confidences = self._confidences(maps, objects)
        for index, row in enumerate(rows):
            row['positive'] = is_positive(row)
            known = {k: float(v[index]) for k, v in confidences.items()}
            known.update(
                whole_image=1., centre=1., oracle_cap=float(row['positive']))
            row['scores'] = {
                k: (float(v[index]), known[k])
                for k, v in cious.items()
            }
            row['pixels'] = float(targets[index].sum(dtype=torch.float64))

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent.

        Raises:
            ValueError: If no sample is positive.
        """
        positive = np.array([row['positive'] for row in rows])
        if not positive.any():
            raise ValueError(f'none of the {len(rows)} samples has a box or '
                             'mask: these scores need positives too')
        subsets = size_subsets([row['pixels'] for row in rows], positive)
        metrics: Dict[str, float] = {}
        for kind in self.scored(rows):
            cious, confidence = self.columns_of(rows, kind)
            found = dict(auc=100 * success_auc(cious[positive]))
            # SLAVC's AP of confidences that are all equal is 0, whatever else.
            for mode in MODES[1:] if kind in self.blind else MODES:
                scores = summarize_detections(confidence, cious, positive,
                                              mode)
                found['loc_acc'] = scores.pop('loc_acc')
                found.update({f'{mode}/{k}': v for k, v in scores.items()})
            for name, chosen in subsets.items():
                if chosen.any():
                    found[f'loc_acc_{name}'] = 100 * location_accuracy(
                        cious, chosen)
            metrics.update({f'{kind}/{k}': v for k, v in found.items()})
        return dict(
            metrics,
            n_positive=int(positive.sum()),
            n_negative=int((~positive).sum()))

    def statistics(self, rows: List[dict]) -> Dict[str, SampleStatistic]:
        """See the parent."""
        positive = np.array([row['positive'] for row in rows])
        found: Dict[str, SampleStatistic] = {}
        for kind in self.of_model(rows):
            cious, confidence = self.columns_of(rows, kind)
            scores = sample_scores(cious[positive])
            for key, name in (('ciou@0.5', 'loc_acc'), ('auc', 'auc')):
                found[f'{kind}/{name}'] = SampleStatistic((scores[key], ))
            for mode in MODES:
                for name, function in (('ap', detection_ap), ('max_f1',
                                                              detection_f1)):
                    found[f'{kind}/{mode}/{name}'] = SampleStatistic(
                        (confidence, cious, positive),
                        function=partial(_percent, function, mode))
        return found

    def head(self, metrics: Mapping[str, float]) -> List[str]:
        """See the parent."""
        first, = super().head(metrics)
        return [
            f'{first}, {metrics["n_positive"]:,} positive and '
            f'{metrics["n_negative"]:,} negative',
            f'protocol {self.protocol.describe()}; relative prediction'
        ]

    def _confidences(self, maps: Tensor,
                     objects: Optional[Tensor]) -> Dict[str, Tensor]:
        """SLAVC's confidence by kind of map; each (B,) float64."""
        protocol = self.protocol
        score = resize_map(maps, protocol.size, protocol.mode,
                           protocol.align_corners)
        scores = dict(audio_visual=(score + 1) / 2)
        if objects is not None:
            scores['object'] = resize_map(objects, protocol.size,
                                          protocol.object_mode,
                                          protocol.object_align_corners) / 2.5
            scores['fused'] = (
                protocol.alpha * scores['audio_visual'] +
                (1 - protocol.alpha) * scores['object'])
        return {kind: map_confidence(map) for kind, map in scores.items()}
