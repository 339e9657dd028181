"""cIoU of sound localisation, with what a score is worth beside it."""
import logging
from typing import Any, Dict, List, Mapping, Optional, Tuple

import torch
from mmengine.logging import print_log
from torch import Tensor

from fnac_mm.functional import (SampleStatistic, adaptive_ciou, baseline_cious,
                                centre_map, group_cious, sample_scores,
                                score_maps, summarize_cious, summarize_groups)
from fnac_mm.registry import METRICS
from ..result_file import check_array
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
    score_name = 'cIoU'
    row_schema = dict(
        MapMetric.row_schema, ciou=dict, target_area=float, empty_target=bool)
    columns = {
        'ciou@0.5': 'cIoU@0.5',
        'mean_ciou': 'mean cIoU',
        'auc': 'AUC',
        'iiou@0.5': 'IIoU@0.5',
        'iauc': 'IAUC',
    }
    # Each may also be told the size of the target.
    predictors = dict(
        MapMetric.predictors, **{
            f'{name}_adaptive': title
            for name, title in MapMetric.predictors.items()
            if name not in ('whole_image', 'oracle_cap')
        })
    blind = (*MapMetric.blind, 'centre_adaptive')
    own = dict(audio_visual='', audio_visual_adaptive=' adaptive')

    def __init__(self,
                 *args: Any,
                 adaptive: bool = False,
                 groups: Optional[bool] = None,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.adaptive = adaptive
        self.groups = groups

    def options(self) -> Dict[str, Any]:
        """See the parent."""
        return dict(adaptive=self.adaptive)

    @classmethod
    def check_row(cls, row: Dict[str, Any], where: str) -> None:
        """See the parent; also the cIoUs."""
        super().check_row(row, where)
        check_array(list(row['ciou'].values()), 1, f'{where}: ciou')

    def beside(self, own: str) -> Dict[str, str]:
        """See the parent."""
        end = '_adaptive' if own.endswith('_adaptive') else ''
        return {
            name: name + end
            for name in MapMetric.predictors if name != 'audio_visual'
        }

    def score(self,
              rows: List[dict],
              maps: Tensor,
              objects: Optional[Tensor],
              baselines: bool = True) -> None:
        """Add cIoUs and the size of the target; see the parent."""
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
        """See the parent; also warns of what a reader should know."""
        metrics = super().compute_metrics(results)
        rows = [row for part in results for row in part]
        found = self.meta('n_found', len(rows))
        for level, note in _caveats(rows, metrics, found):
            print_log(note, logger='current', level=level)
        return metrics

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent."""
        metrics: Dict[str, float] = {}
        counts: Dict[str, float] = {}
        grouped = self._group_key() is not None
        for kind in self.scored(rows):
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
        return dict(metrics, **counts)

    def statistics(self, rows: List[dict]) -> Dict[str, SampleStatistic]:
        """See the parent."""
        found: Dict[str, SampleStatistic] = {}
        groups = [row.get('group', row['sample_id']) for row in rows]
        for kind in self.of_model(rows):
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
        """Parts of the file of results; here with what a group is."""
        content = super().content(rows, metrics)
        if self._group_key() is not None:
            content['dataset']['group_key'] = self._group_key()
        return content

    def head(self, metrics: Mapping[str, float]) -> List[str]:
        """See the parent."""
        return [*super().head(metrics), f'protocol {self.protocol.describe()}']

    def report(self, metrics: Dict[str, float]) -> str:
        """Table for the log."""
        end = '_adaptive'
        plain = {k: v for k, v in self.predictors.items() if end not in k}
        told = {k: v for k, v in self.predictors.items() if end in k}
        lines = [*self.head(metrics), *self.table(metrics, plain)]
        if any(end in key for key in metrics):
            lines.append('adaptive: told the size of the target, another task')
            lines += self.table(metrics, told)[1:]
        if 'n_groups' in metrics:
            lines.append(f'IIoU and IAUC: {metrics["n_groups"]:,} groups, '
                         f'{metrics["n_single_groups"]:,} of one sample')
        if self.protocol.threshold is not None:
            lines.append('centre and oracle cap: of the half-image rule, to '
                         'which this protocol is not bound')
        return '\n'.join(lines)

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


def _caveats(rows: List[Dict[str, Any]], metrics: Dict[str, float],
             n_found: int) -> List[Tuple[int, str]]:
    """What a reader should know besides: level of the log, and a sentence."""
    caveats = []
    empty = [row['sample_id'] for row in rows if row['empty_target']]
    if empty:
        # As published; nothing to be done about it.
        caveats.append(
            (logging.INFO, f'{len(empty)} samples have an empty target, which '
             f'no map can hit; they count: {", ".join(empty[:5])}'
             f'{", ..." if len(empty) > 5 else ""}'))
    scored = f'scored {metrics["n"]} of '
    if metrics['n'] != n_found:
        caveats.append((logging.WARNING,
                        f'{scored}the {n_found} samples of the data set'))
    if metrics['n'] < metrics['n_listed']:
        caveats.append(
            (logging.WARNING, f'{scored}{metrics["n_listed"]} listed samples: '
             'not comparable with scores on the whole list'))
    return caveats
