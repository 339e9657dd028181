"""Scores against masks: mIoU, F-measure and pixel AP."""
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from fnac_mm.functional import (Protocol, SampleStatistic, centre_map,
                                f_measure_curve, frame_iou, max_f_measure,
                                normalize_map, oracle_ciou,
                                pixel_average_precision, select_region,
                                summarize_segmentation)
from fnac_mm.registry import METRICS
from fnac_mm.structures import AVDataSample
from ..sample_row import encode_mask, row_to_sample
from .map_metric import MapMetric


def _max_f(curves: np.ndarray) -> float:
    """Of (n, 255), in percent."""
    return 100 * max_f_measure(curves)


@METRICS.register_module()
class SegmentationMetric(MapMetric):
    """MIoU and F-measure of AVSBench and pixel AP, in percent.

    Keys, after ``segmentation/``, are ``audio_visual/miou``,
    ``audio_visual/max_f``, ``audio_visual/pixel_ap``, the same under
    ``object/`` and ``fused/`` if there are object maps, and of the baselines
    ``whole_image/``, ``centre/`` and, of the mIoU under the area rule alone,
    ``oracle_cap/``; ``n``, ``n_listed`` and ``n_empty``, the frames in which
    nothing sounds: they count in the mIoU only, where predicting nothing is
    right. Where no frame has an object, ``max_f`` and ``pixel_ap`` are NaN.

    Args:
        protocol (str | dict | Protocol): How maps are enlarged, normalised
            and fused; see :class:`MapMetric`.
        threshold (float, optional): Of the mIoU, for normalised maps: a
            pixel above it is predicted. Defaults to 0.5. None: the area rule
            of the protocol, by which half of each picture is predicted.
        **kwargs: Other arguments of :class:`MapMetric`.

    Raises:
        ValueError: If the protocol does not normalise maps, or the threshold
            is outside [0, 1].
    """

    default_prefix = 'segmentation'
    column = 'scores'
    score_name = 'IoU'
    row_schema = dict(MapMetric.row_schema, mask=dict)
    columns = dict(miou='mIoU', max_f='max F', pixel_ap='pixel AP')

    def __init__(self,
                 *args: Any,
                 threshold: Optional[float] = 0.5,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.protocol.threshold is not None:
            raise ValueError(f'protocol {self.protocol.name!r} does not '
                             'normalise maps, so the thresholds of the '
                             "F-measure don't fit; use 'fnac_test'")
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(f'threshold must be in [0, 1], got {threshold}')
        self.threshold = threshold

    def options(self) -> Dict[str, Any]:
        """See the parent."""
        return dict(threshold=self.threshold)

    def describe(self, sample: dict) -> Dict[str, Any]:
        """Begin the row of a sample; its target is always the mask.

        Raises:
            ValueError: If there is no mask.
        """
        row = super().describe(sample)
        if 'gt_mask' not in sample:
            raise ValueError(
                f'sample {row["sample_id"]!r} has no gt_mask; give the '
                "data set data_prefix['mask_path'] and its pipeline "
                'LoadMask')
        mask = sample['gt_mask']['data'][0].numpy()
        return dict(row, mask=encode_mask(mask))

    def score(self,
              rows: List[dict],
              maps: Tensor,
              objects: Optional[Tensor],
              baselines: bool = True) -> None:
        """Add IoU, F-measure curve and pixel AP by kind of map.

        Raises:
            ValueError: If a mask is of another size.
        """
        masks = self.targets(rows)
        large = self.protocol.maps(maps, objects)
        if baselines:
            centre = normalize_map(centre_map(self.protocol.size))
            large['whole_image'] = torch.ones_like(masks)
            large['centre'] = centre.expand_as(masks)
        for row in rows:
            row['scores'] = {}
        for kind, map in large.items():
            region = map == 1 if kind == 'whole_image' else self._region(map)
            scores = (frame_iou(region, masks), f_measure_curve(map, masks),
                      pixel_average_precision(map, masks))
            for row, iou, curve, precision in zip(rows, *scores):
                row['scores'][kind] = (float(iou), curve.numpy(),
                                       float(precision))
        if baselines and self.threshold is None:
            for row, best in zip(rows, self._oracle(masks).tolist()):
                row['oracle_iou'] = best

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent."""
        metrics: Dict[str, float] = {}
        for kind in self.scored(rows):
            found = summarize_segmentation(*self.columns_of(rows, kind))
            empty = found.pop('n_empty')
            metrics.update({f'{kind}/{k}': v for k, v in found.items()})
        if self.threshold is None:
            best = [row['oracle_iou'] for row in rows]
            metrics['oracle_cap/miou'] = 100 * float(np.mean(best))
        return dict(metrics, n_empty=empty)

    def statistics(self, rows: List[dict]) -> Dict[str, SampleStatistic]:
        """See the parent."""
        groups = [row.get('group', row['sample_id']) for row in rows]
        found: Dict[str, SampleStatistic] = {}
        for kind in self.of_model(rows):
            ious, curves, precisions = self.columns_of(rows, kind)
            found[f'{kind}/miou'] = SampleStatistic((100 * ious, ), groups)
            known = np.flatnonzero(~np.isnan(precisions))
            if not len(known):
                continue
            of_known = [groups[i] for i in known]
            found[f'{kind}/max_f'] = SampleStatistic((curves[known], ),
                                                     of_known, _max_f)
            found[f'{kind}/pixel_ap'] = SampleStatistic(
                (100 * precisions[known], ), of_known)
        return found

    def head(self, metrics: Mapping[str, float]) -> List[str]:
        """See the parent."""
        first, = super().head(metrics)
        rule = (f'top {1 - self.protocol.area:.0%}' if self.threshold is None
                else f'normalised map > {self.threshold:g}')
        return [
            f'{first}, {metrics["n_empty"]} without object',
            f'maps of protocol {self.protocol.name}; mIoU of {rule}; F over '
            'the whole set'
        ]

    def drawn_sample(self, row: Mapping[str, Any]) -> AVDataSample:
        """See the parent."""
        return row_to_sample(dict(row, boxes=[]))

    def drawn_region(
            self, metrics: Mapping[str,
                                   float]) -> Tuple[Protocol, Optional[float]]:
        """See the parent."""
        return self.protocol, self.threshold

    def _region(self, map: Tensor) -> Tensor:
        """What the mIoU takes for the prediction."""
        if self.threshold is not None:
            return map > self.threshold
        return select_region(map, self.protocol.area, self.protocol.compare)

    def _oracle(self, masks: Tensor) -> Tensor:
        """(B,) best IoU of a map without ties under the area rule."""
        rule = self.protocol.area, self.protocol.compare
        ordered = torch.arange(masks[0].numel()).reshape(1, *masks[0].shape)
        predicted = select_region(ordered.double(), *rule)
        empty = ~masks.flatten(1).any(dim=1)
        free = 1 - predicted.double().mean()
        return torch.where(empty, free, oracle_ciou(masks, *rule))
