"""cIoU of sound localisation, with what a score is worth beside it."""
import logging
from dataclasses import asdict
from typing import Any, Dict, List, Optional, Sequence

from mmengine.logging import print_log
from torch import Tensor

from fnac_mm.functional import (adaptive_ciou, baseline_cious, centre_map,
                                consensus_iou, summarize_cious,
                                summarize_groups)
from fnac_mm.registry import METRICS
from ..report import ADAPTIVE, BASELINES, MAPS, format_report, list_caveats
from ..result_file import write_results
from .map_metric import MapMetric, common_kinds


@METRICS.register_module()
class LocalizationMetric(MapMetric):
    """cIoU@0.5, mean cIoU and AUC of each kind of map, in percent.

    Keys are ``audio_visual/ciou@0.5``, ``audio_visual/mean_ciou``,
    ``audio_visual/auc``, the same under ``object/`` and ``fused/`` if the
    model returns object maps, and under ``whole_image/``, ``centre/`` and
    ``oracle_cap/``, which have seen nothing but the annotation; ``n`` and
    ``n_listed``. Of a data set with groups also ``audio_visual/iiou@0.5``,
    ``audio_visual/iauc`` and so on, ``n_groups`` and ``n_single_groups``.

    Args:
        protocol (str | dict | Protocol): See :class:`MapMetric`; all that is
            not told here too.
        alpha (float, optional): The same.
        adaptive (bool): Add the scores of SSL-Alignment, for which a map is
            told the size of the object: ``audio_visual_adaptive/ciou@0.5``
            and so on, also of ``centre_adaptive``. Defaults to False.
        groups (bool, optional): Add IIoU and IAUC. None (default): where the
            data set has a ``group_key``; True: that it has none is an error.
        out_file (str, optional): Json of per-sample results, see
            :mod:`fnac_mm.evaluation.result_file`.
        **kwargs: Other arguments of :class:`MapMetric`.

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

    def __init__(self,
                 *args: Any,
                 adaptive: bool = False,
                 groups: Optional[bool] = None,
                 out_file: Optional[str] = None,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.adaptive = adaptive
        self.groups = groups
        self.out_file = out_file

    def score(self, rows: List[dict], samples: Sequence[dict], maps: Tensor,
              objects: Optional[Tensor]) -> None:
        """Add cIoUs, size of the target and raw maps; see the parent.

        Args:
            rows (list[dict]): Rows.
            samples (Sequence[dict]): Samples of the rows.
            maps (Tensor): (B, h, w), cosines.
            objects (Tensor, optional): (B, h', w').
        """
        targets = self.targets(rows)
        cious = self._cious(maps, objects, targets)
        grouped = self._group_key() is not None
        for index, row in enumerate(rows):
            if grouped and 'group' not in row:
                raise ValueError(f'sample {row["sample_id"]!r} has no group, '
                                 'but its data set a group_key; give its key '
                                 'to PackAVInputs (meta_keys), or groups='
                                 'False to the metric')
            row['ciou'] = {k: float(v[index]) for k, v in cious.items()}
            row['target_area'] = float((targets[index] > 0).double().mean())
            row['empty_target'] = row['target_area'] == 0
            row['map'] = maps[index].tolist()
            if objects is not None:
                row['object_map'] = objects[index].tolist()

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Aggregate, log the table, write the file.

        Args:
            results (list[dict]): Rows of all processes.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: See :meth:`summarize`.
        """
        metrics = super().compute_metrics(results)
        rows = sorted(results, key=lambda row: row['sample_id'])
        found = self.meta('n_found', len(rows))
        for note in list_caveats(rows, metrics, found):
            print_log(note, logger='current', level=logging.WARNING)
        if self.out_file is not None:
            write_results(self.out_file, self._content(rows, metrics))
            print_log(f'per-sample results: {self.out_file}', logger='current')
        return metrics

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent.

        Args:
            rows (list[dict]): Of all samples.

        Returns:
            dict[str, float]: See the class.
        """
        metrics: Dict[str, float] = {}
        counts: Dict[str, float] = {}
        grouped = self._group_key() is not None
        for kind in common_kinds(rows, 'ciou', MAPS + BASELINES + ADAPTIVE):
            cious = [row['ciou'][kind] for row in rows]
            scores = summarize_cious(cious)
            if grouped:
                of_groups = summarize_groups(cious,
                                             [row['group'] for row in rows])
                counts = dict(
                    n_groups=of_groups.pop('n_groups'),
                    n_single_groups=of_groups.pop('n_single'))
                scores.update(of_groups)
            metrics.update({f'{kind}/{k}': v for k, v in scores.items()})
        metrics['n'] = len(rows)
        metrics['n_listed'] = self.meta('n_listed', len(rows))
        return dict(metrics, **counts)

    def report(self, metrics: Dict[str, float]) -> str:
        """Table for the log.

        Args:
            metrics (dict[str, float]): See the class.

        Returns:
            str: Several lines.
        """
        name = self.meta('dataset_name', 'data set')
        return format_report(metrics, self.protocol, name)

    def _group_key(self) -> Optional[str]:
        """What a group is, or None if groups are not scored."""
        key: Optional[str] = self.meta('group_key', None)
        if self.groups and key is None:
            raise ValueError(
                f'groups=True, but {self.meta("dataset_name", "the data set")}'
                " has no group_key in its metainfo: IIoU and IAUC have no "
                'meaning there')
        return None if self.groups is False else key

    def _cious(self, maps: Tensor, objects: Optional[Tensor],
               targets: Tensor) -> Dict[str, Tensor]:
        """CIoUs of a batch, by kind of map; each (B,) float64."""
        protocol = self.protocol
        large = protocol.maps(maps, objects)
        cious = {
            kind:
            consensus_iou(map, targets, protocol.area, protocol.compare,
                          protocol.threshold)
            for kind, map in large.items()
        }
        cious.update(baseline_cious(targets, protocol.area, protocol.compare))
        if self.adaptive:
            large['centre'] = centre_map(protocol.size)[None]
            cious.update({
                f'{kind}_adaptive': adaptive_ciou(map, targets)
                for kind, map in large.items()
            })
        return cious

    def _content(self, rows: List[dict],
                 metrics: Dict[str, float]) -> Dict[str, Any]:
        """Parts of the file of results."""
        dataset = dict(
            name=self.meta('dataset_name', 'data set'), **self.target_rule())
        if self._group_key() is not None:
            dataset['group_key'] = self._group_key()
        return dict(
            protocol=asdict(self.protocol),
            dataset=dataset,
            n=metrics['n'],
            n_listed=metrics['n_listed'],
            metrics=metrics,
            results=rows)
