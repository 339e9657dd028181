"""Scores against masks: mIoU, F-measure and pixel AP."""
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch
from torch import Tensor

from fnac_mm.functional import (centre_map, f_measure_curve, frame_iou,
                                normalize_map, oracle_ciou,
                                pixel_average_precision, select_region,
                                summarize_segmentation)
from fnac_mm.registry import METRICS
from ..report import BASELINES, MAPS, format_table
from .map_metric import MapMetric, common_kinds

COLUMNS = dict(miou='mIoU', max_f='max F', pixel_ap='pixel AP')


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

    def score(self, rows: List[dict], samples: Sequence[dict], maps: Tensor,
              objects: Optional[Tensor]) -> None:
        """Add IoU, F-measure curve and pixel AP by kind of map.

        Args:
            rows (list[dict]): Rows.
            samples (Sequence[dict]): Samples of the rows.
            maps (Tensor): (B, h, w), cosines.
            objects (Tensor, optional): (B, h', w').

        Raises:
            ValueError: If a sample has no mask, or one of another size.
        """
        masks = self._masks(rows, samples)
        size = self.protocol.size
        large = self.protocol.maps(maps, objects)
        large['whole_image'] = torch.ones_like(masks)
        large['centre'] = normalize_map(centre_map(size)).expand_as(masks)
        for row in rows:
            row['scores'] = {}
        for kind, map in large.items():
            region = map == 1 if kind == 'whole_image' else self._region(map)
            scores = (frame_iou(region, masks), f_measure_curve(map, masks),
                      pixel_average_precision(map, masks))
            for row, iou, curve, precision in zip(rows, *scores):
                row['scores'][kind] = (float(iou), curve.numpy(),
                                       float(precision))
        if self.threshold is None:
            for row, best in zip(rows, self._oracle(masks).tolist()):
                row['oracle_iou'] = best

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent.

        Args:
            rows (list[dict]): Of all samples.

        Returns:
            dict[str, float]: See the class.
        """
        metrics: Dict[str, float] = {}
        for kind in common_kinds(rows, 'scores', MAPS + BASELINES):
            ious, curves, precisions = zip(*(row['scores'][kind]
                                             for row in rows))
            found = summarize_segmentation(ious,
                                           torch.from_numpy(np.stack(curves)),
                                           precisions)
            empty = found.pop('n_empty')
            metrics.update({f'{kind}/{k}': v for k, v in found.items()})
        if self.threshold is None:
            best = [row['oracle_iou'] for row in rows]
            metrics['oracle_cap/miou'] = 100 * float(np.mean(best))
        return dict(
            metrics,
            n=len(rows),
            n_listed=self.meta('n_listed', len(rows)),
            n_empty=empty)

    def report(self, metrics: Dict[str, float]) -> str:
        """Table for the log.

        Args:
            metrics (dict[str, float]): See the class.

        Returns:
            str: Several lines.
        """
        rule = (f'top {1 - self.protocol.area:.0%}' if self.threshold is None
                else f'normalised map > {self.threshold:g}')
        return '\n'.join([
            f'{self.meta("dataset_name", "data set")}: n = {metrics["n"]:,} '
            f'of {metrics["n_listed"]:,}, {metrics["n_empty"]} without object',
            f'maps of protocol {self.protocol.name}; mIoU of {rule}; F over '
            'the whole set', *format_table(metrics, COLUMNS, MAPS + BASELINES,
                                           self.protocol.alpha)
        ])

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

    def _masks(self, rows: Sequence[dict], samples: Sequence[dict]) -> Tensor:
        """(B, size, size) float32, 0 and 1."""
        size = self.protocol.size
        masks = []
        for row, sample in zip(rows, samples):
            if 'gt_mask' not in sample:
                raise ValueError(
                    f'sample {row["sample_id"]!r} has no gt_mask; give the '
                    "data set data_prefix['mask_path'] and its pipeline "
                    'LoadMask')
            mask = sample['gt_mask']['data'][0]
            if tuple(mask.shape) != (size, size):
                raise ValueError(f'sample {row["sample_id"]!r}: its mask is '
                                 f'of size {list(mask.shape)}, the protocol '
                                 f'compares at {size} x {size}; give LoadMask '
                                 f'size={size}')
            masks.append(mask)
        return torch.stack(masks).float()
