"""cIoU of sound localisation, with what a score is worth beside it."""
from typing import Any, Dict, List, Optional

import torch
from mmengine.logging import print_log
from torch import Tensor

from fnac_mm.functional import (SampleStatistic, adaptive_ciou, baseline_cious,
                                centre_map, group_cious, sample_scores,
                                score_maps, summarize_cious, summarize_groups)
from fnac_mm.registry import METRICS
from ..report import COLUMNS, format_report, list_caveats
from .map_metric import MapMetric


@METRICS.register_module()
class LocalizationMetric(MapMetric):
    """cIoU@0.5, mean cIoU and AUC of each kind of map, in percent.

    Keys are ``audio_visual/ciou@0.5``, ``audio_visual/mean_ciou``,
    ``audio_visual/auc``, the same under ``object/`` and ``fused/`` if the
    model returns object maps, and under ``whole_image/``, ``centre/`` and
    ``oracle_cap/``, which have seen nothing but the annotation, and under
    ``shuffled_audio/`` if the model returns features; ``n`` and ``n_listed``.
    Of a data set with groups also ``audio_visual/iiou@0.5``,
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

    column = 'ciou'
    columns = COLUMNS
    file_keys = (*MapMetric.file_keys, 'ciou', 'target_area', 'empty_target')

    def __init__(self,
                 *args: Any,
                 adaptive: bool = False,
                 groups: Optional[bool] = None,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.adaptive = adaptive
        self.groups = groups

    def options(self) -> Dict[str, Any]:
        """See the parent.

        Returns:
            dict: Plain values, by their names.
        """
        return dict(adaptive=self.adaptive)

    def score(self,
              rows: List[dict],
              maps: Tensor,
              objects: Optional[Tensor],
              baselines: bool = True) -> None:
        """Add cIoUs and the size of the target; see the parent.

        Args:
            rows (list[dict]): Rows.
            maps (Tensor): (B, h, w), cosines.
            objects (Tensor, optional): (B, h', w').
            baselines (bool): Whether image-blind guesses are wanted too.
        """
        targets = self.targets(rows)
        cious = self._cious(maps, objects, targets, baselines)
        columns = [values.tolist() for values in cious.values()]
        grouped = self._group_key() is not None
        sizes = torch.count_nonzero(targets.flatten(1), dim=1).tolist()
        for row, size, values in zip(rows, sizes, zip(*columns)):
            if grouped and 'group' not in row:
                raise ValueError(f'sample {row["sample_id"]!r} has no group, '
                                 'but its data set a group_key; give its key '
                                 'to PackAVInputs (meta_keys), or groups='
                                 'False to the metric')
            row['ciou'] = dict(zip(cious, values))
            row['target_area'] = size / targets[0].numel()
            row['empty_target'] = size == 0

    def compute_metrics(self, results: List[List[dict]]) -> Dict[str, float]:
        """See the parent; also warns of what a reader should know.

        Args:
            results (list[list[dict]]): Rows of each process.

        Returns:
            dict[str, float]: See the class.
        """
        metrics = super().compute_metrics(results)
        rows = [row for part in results for row in part]
        found = self.meta('n_found', len(rows))
        for level, note in list_caveats(rows, metrics, found):
            print_log(note, logger='current', level=level)
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
        for kind in self.kinds(rows):
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

    def statistics(self, rows: List[dict]) -> Dict[str, SampleStatistic]:
        """See the parent.

        Args:
            rows (list[dict]): Of all samples.

        Returns:
            dict[str, SampleStatistic]: By the keys of :meth:`aggregate`.
        """
        found: Dict[str, SampleStatistic] = {}
        groups = [row.get('group', row['sample_id']) for row in rows]
        for kind in self.model_kinds(rows):
            cious = [row['ciou'][kind] for row in rows]
            for key, values in sample_scores(cious).items():
                found[f'{kind}/{key}'] = SampleStatistic((values, ), groups)
            if self._group_key() is None:
                continue
            scores = sample_scores(group_cious(cious, groups))
            for key, name in (('ciou@0.5', 'iiou@0.5'), ('auc', 'iauc')):
                found[f'{kind}/{name}'] = SampleStatistic((scores[key], ))
        return found

    def content(self, rows: List[dict],
                metrics: Dict[str, float]) -> Dict[str, Any]:
        """Parts of the file of results; here with what a group is.

        Args:
            rows (list[dict]): Sorted by id.
            metrics (dict[str, float]): See the class.

        Returns:
            dict: See :mod:`fnac_mm.evaluation.result_file`.
        """
        content = super().content(rows, metrics)
        if self._group_key() is not None:
            content['dataset']['group_key'] = self._group_key()
        return content

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

    def _cious(self, maps: Tensor, objects: Optional[Tensor], targets: Tensor,
               baselines: bool) -> Dict[str, Tensor]:
        """CIoUs of a batch, by kind of map; each (B,) float64."""
        protocol = self.protocol
        cious = score_maps(protocol, maps, objects, targets)
        if baselines:
            cious.update(
                baseline_cious(targets, protocol.area, protocol.compare))
        if self.adaptive:
            large = protocol.maps(maps, objects)
            if baselines:
                large['centre'] = centre_map(protocol.size)[None]
            cious.update({
                f'{kind}_adaptive': adaptive_ciou(map, targets)
                for kind, map in large.items()
            })
        return cious
