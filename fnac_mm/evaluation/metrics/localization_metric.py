"""cIoU of sound localisation, with what a score is worth beside it."""
import logging
from dataclasses import asdict
from typing import Any, Dict, List, Optional, Sequence

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from torch import Tensor

from fnac_mm.functional import (baseline_cious, boxes_to_target, consensus_iou,
                                summarize_cious)
from fnac_mm.registry import METRICS
from ..protocol import ProtocolLike, build_protocol
from ..report import BASELINES, MAPS, format_report, list_caveats
from ..result_file import duplicated, write_results

# Samples scored at once; their large maps fit the caches of a processor.
CHUNK = 16


@METRICS.register_module()
class LocalizationMetric(BaseMetric):
    """cIoU@0.5, mean cIoU and AUC of each kind of map, in percent.

    Keys are ``audio_visual/ciou@0.5``, ``audio_visual/mean_ciou``,
    ``audio_visual/auc``, the same under ``object/`` and ``fused/`` if the
    model returns object maps, and under ``whole_image/``, ``centre/`` and
    ``oracle_cap/``, which have seen nothing but the annotation; ``n`` and
    ``n_listed``. The numbers depend neither on the order of the samples nor
    on the number of processes.

    How boxes become a target (``combine``, ``consensus``) is told by the
    data set through ``dataset_meta``.

    Args:
        protocol (str | dict | Protocol): See :func:`build_protocol`.
            Defaults to ``'fnac_test'``.
        alpha (float, optional): Weight of the audio-visual map in the
            fusion, instead of the protocol's.
        combine (str, optional): ``'union'`` or ``'consensus'``, for a data
            set whose ``metainfo`` doesn't say.
        consensus (int, optional): The same.
        out_file (str, optional): Json of per-sample results, see
            :mod:`fnac_mm.evaluation.result_file`.
        collect_device (str): ``'gpu'`` gathers through the process group,
            whatever its backend; ``'cpu'`` through files in a folder that
            all processes share. Defaults to ``'gpu'``.
        prefix (str, optional): Put before every key.

    Raises:
        ValueError: If the protocol is unknown or a value out of range.

    Examples:
        >>> # in a config
        >>> val_evaluator = dict(
        ...     type='LocalizationMetric', protocol='fnac_test')
        >>> # by itself
        >>> import torch
        >>> from fnac_mm.structures import AVDataSample
        >>> metric = LocalizationMetric(combine='union')
        >>> sample = AVDataSample(metainfo=dict(sample_id='a'))
        >>> _ = sample.set_gt_boxes([[0., 0., 1., .5]])
        >>> _ = sample.set_pred_map(torch.tensor([[.9, .8], [.1, .2]]))
        >>> metric.process(None, [sample.to_dict()])
        >>> metric.summarize(metric.results)['audio_visual/ciou@0.5']
        100.0
    """

    # Not None, for which mmengine would warn at every start.
    default_prefix = ''

    def __init__(self,
                 protocol: ProtocolLike = 'fnac_test',
                 alpha: Optional[float] = None,
                 combine: Optional[str] = None,
                 consensus: Optional[int] = None,
                 out_file: Optional[str] = None,
                 collect_device: str = 'gpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.protocol = build_protocol(protocol, alpha)
        self.combine = combine
        self.consensus = consensus
        self.out_file = out_file

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score one batch: one row of plain numbers per sample.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): ``AVDataSample.to_dict()`` of each
                sample, with ``pred_map`` and ``gt_instances``.

        Raises:
            ValueError: If a sample has no id, boxes or map, or one that is
                not finite, or if maps of a batch differ in size.
        """
        for start in range(0, len(data_samples), CHUNK):
            self.results.extend(self._rows(data_samples[start:start + CHUNK]))

    def _rows(self, data_samples: Sequence[dict]) -> List[dict]:
        """Rows of some samples, scored together."""
        rows = [self._describe(sample) for sample in data_samples]
        maps = _stack_maps(data_samples, 'pred_map')
        objects = None
        if any('pred_object_map' in sample for sample in data_samples):
            objects = _stack_maps(data_samples, 'pred_object_map')
        rule = self._target_rule()
        targets = torch.stack([
            boxes_to_target(row['boxes'], self.protocol.size, **rule)
            for row in rows
        ])
        cious = self._score(maps, objects, targets)
        for index, row in enumerate(rows):
            row['ciou'] = {k: float(v[index]) for k, v in cious.items()}
            row['target_area'] = float((targets[index] > 0).double().mean())
            row['empty_target'] = row['target_area'] == 0
            row['map'] = maps[index].tolist()
            if objects is not None:
                row['object_map'] = objects[index].tolist()
        return rows

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Aggregate, log the table, write the file.

        Args:
            results (list[dict]): Rows of all processes.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: If there is no row, an id occurs twice or only some
                samples have an object map.
        """
        rows = sorted(results, key=lambda row: row['sample_id'])
        metrics = self.summarize(rows)
        name = self._meta('dataset_name', 'data set')
        print_log(
            '\n' + format_report(metrics, self.protocol, name),
            logger='current')
        found = self._meta('n_found', len(rows))
        for note in list_caveats(rows, metrics, found):
            print_log(note, logger='current', level=logging.WARNING)
        if self.out_file is not None:
            write_results(self.out_file, self._content(rows, metrics, name))
            print_log(f'per-sample results: {self.out_file}', logger='current')
        return metrics

    def summarize(self, rows: List[dict]) -> Dict[str, float]:
        """The numbers alone, without log and file.

        Args:
            rows (list[dict]): As :meth:`process` makes them.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: If there is no row, an id occurs twice or only some
                samples have an object map.
        """
        if not rows:
            raise ValueError('no sample was scored; is the data set empty?')
        twice = duplicated([row['sample_id'] for row in rows])
        if twice:
            raise ValueError('scored more than once, so that a mean would be '
                             f'wrong: {", ".join(map(repr, twice))}')
        metrics: Dict[str, float] = {}
        for kind in _common_kinds(rows):
            scores = summarize_cious([row['ciou'][kind] for row in rows])
            metrics.update({f'{kind}/{k}': v for k, v in scores.items()})
        metrics['n'] = len(rows)
        metrics['n_listed'] = self._meta('n_listed', len(rows))
        return metrics

    def _meta(self, key: str, default: Any) -> Any:
        """Entry of ``dataset_meta``, which may be absent."""
        return (self.dataset_meta or {}).get(key, default)

    def _target_rule(self) -> Dict[str, Any]:
        """How boxes become a target."""
        combine = self.combine or self._meta('combine', None)
        if combine is None:
            raise ValueError(
                "LocalizationMetric doesn't know how to combine boxes: the "
                "data set's metainfo has no 'combine'. Give combine='union' "
                "(VGG-SS) or combine='consensus', consensus=2 (Flickr) to "
                'the metric')
        consensus = self.consensus or self._meta('consensus', 2)
        return dict(combine=combine, consensus=consensus)

    def _describe(self, sample: dict) -> Dict[str, Any]:
        """Begin the row of a sample: what is known without the model."""
        if 'sample_id' not in sample:
            raise ValueError('a sample without sample_id cannot be scored; '
                             f'its fields: {", ".join(sorted(sample))}')
        row: Dict[str, Any] = dict(sample_id=str(sample['sample_id']))
        row.update({
            key: str(sample[key])
            for key in ('class_name', 'img_path', 'audio_path')
            if sample.get(key) is not None
        })
        boxes = sample.get('gt_instances', {}).get('boxes')
        if boxes is None:
            raise ValueError(f'sample {row["sample_id"]!r} has no annotated '
                             'boxes (gt_instances.boxes); does the data set '
                             'have an annotation file?')
        boxes = torch.as_tensor(boxes, dtype=torch.float64).reshape(-1, 4)
        if not torch.isfinite(boxes).all():
            raise ValueError(f'sample {row["sample_id"]!r}: a box holds NaN '
                             f'or infinity: {boxes.tolist()}')
        row.update(boxes=boxes.tolist(), n_boxes=len(boxes))
        return row

    def _score(self, maps: Tensor, objects: Optional[Tensor],
               targets: Tensor) -> Dict[str, Tensor]:
        """CIoUs of a batch, by kind of map; each (B,) float64."""
        protocol = self.protocol
        cious = {
            kind:
            consensus_iou(large, targets, protocol.area, protocol.compare,
                          protocol.threshold)
            for kind, large in protocol.maps(maps, objects).items()
        }
        cious.update(baseline_cious(targets, protocol.area, protocol.compare))
        return cious

    def _content(self, rows: List[dict], metrics: Dict[str, float],
                 name: str) -> Dict[str, Any]:
        """Parts of the file of results."""
        return dict(
            protocol=asdict(self.protocol),
            dataset=dict(name=name, **self._target_rule()),
            n=metrics['n'],
            n_listed=metrics['n_listed'],
            metrics=metrics,
            results=rows)


def _stack_maps(samples: Sequence[dict], name: str) -> Tensor:
    """(B, h, w) float32 on the CPU.

    Float32 whatever the model ran in: it goes through json and back without
    a change, so the file of results gives the same scores again.
    """
    maps: List[Tensor] = []
    for sample in samples:
        if name not in sample:
            raise ValueError(f'sample {sample["sample_id"]!r} has no {name}; '
                             "the model's predict mode must set it")
        map = torch.as_tensor(sample[name]['data']).detach().cpu().float()
        if not torch.isfinite(map).all():
            raise ValueError(f'sample {sample["sample_id"]!r}: its {name} '
                             'holds NaN or infinity; it has no score')
        if maps and map.shape != maps[0].shape:
            raise ValueError(
                f'sample {sample["sample_id"]!r}: its {name} is of shape '
                f'{tuple(map.shape)}, that of {samples[0]["sample_id"]!r} '
                f'{tuple(maps[0].shape)}; use batch_size=1')
        maps.append(map)
    return torch.cat(maps)


def _common_kinds(rows: List[dict]) -> List[str]:
    """Kinds of maps, in the order of the report; the same for all rows."""
    for row in rows:
        if set(row['ciou']) != set(rows[0]['ciou']):
            raise ValueError(
                'only some samples have an object map: compare '
                f'{row["sample_id"]!r} with {rows[0]["sample_id"]!r}')
    return [k for k in MAPS + BASELINES if k in rows[0]['ciou']]
