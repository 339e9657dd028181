"""What all metrics share: a row for each sample, gathered and checked."""
import math
from abc import abstractmethod
from typing import (Any, Collection, Dict, List, Mapping, Optional, Sequence,
                    Tuple)

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.evaluator import BaseMetric
from torch import Tensor

from fnac_mm.functional import SampleStatistic
from fnac_mm.utils import log_shown
from ..metric_schema import MetricSchema
from ..provenance import add_provenance
from ..result_file import duplicated, metric_name, write_results

# Samples scored at once.
CHUNK = 64

Features = Tuple[Tensor, Tensor]


def pair_features(sample: Dict[str, Any]) -> Optional[Features]:
    """Features of a picture and its sound, in memory of their own.

    A view would keep the features of its whole batch, and send them all to
    the other processes. They take their place in the sample, so that metrics
    of one test share them.

    Args:
        sample (dict): ``AVDataSample.to_dict()``.

    Returns:
        tuple[Tensor, Tensor] | None: visual (C, h, w) and audio (C,),
        float32 on the CPU; None if the model gave none.
    """
    if 'visual_feature' not in sample:
        return None
    for name in ('visual_feature', 'audio_feature'):
        feature = sample[name].detach().to('cpu', torch.float32)
        if feature.untyped_storage().nbytes() > feature.nbytes:
            feature = feature.clone()
        sample[name] = feature
    return sample['visual_feature'], sample['audio_feature']


class SampleMetric(MetricSchema, BaseMetric):
    """Rows of plain numbers, one a sample; the numbers are percent.

    They depend neither on the order of the samples nor on the number of
    processes; samples that a loader repeats to fill the last batch don't
    count. What a metric of another project needs,
    :class:`~fnac_mm.evaluation.metric_schema.MetricSchema` says.

    Args:
        negatives (Sequence[str], optional): Kinds of negatives
            (``negative_kind``) that are scored; () for none. None (default):
            all.
        intervals (bool): Also find bootstrap 95 % intervals, which are kept
            in ``found_intervals``. Defaults to False.
        out_file (str, optional): Json of per-sample results, see
            :mod:`fnac_mm.evaluation.result_file`.
        collect_device (str): ``'gpu'`` gathers through the process group,
            whatever its backend; ``'cpu'`` through files in a folder that
            all processes share. Defaults to ``'gpu'``.
        prefix (str, optional): Put before every key.
    """

    # Not None, for which mmengine would warn at every start.
    default_prefix = ''
    results: List[Any]

    def __init__(self,
                 negatives: Optional[Sequence[str]] = None,
                 intervals: bool = False,
                 out_file: Optional[str] = None,
                 collect_device: str = 'gpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.negatives = negatives
        self.intervals = intervals
        self.out_file = out_file
        self.subset: Optional[Collection[str]] = None
        self.found_intervals: Dict[str, Optional[List[float]]] = {}
        self._reset()

    def _reset(self) -> None:
        self._seen = 0
        self._places: List[int] = []
        self._features: List[Optional[Features]] = []

    @property
    def needs_features(self) -> bool:
        """bool: Whether :meth:`finish` uses the features of the samples."""
        return False

    def counts(self, sample: Mapping[str, Any]) -> bool:
        """Whether a sample is scored: by ``negatives`` and ``subset``, ids."""
        kind = sample.get('negative_kind')
        if kind is not None and self.negatives is not None \
                and kind not in self.negatives:
            return False
        return self.subset is None or sample.get('sample_id') in self.subset

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score one batch, ``AVDataSample.to_dict()`` of each sample.

        Raises:
            ValueError: If a sample can't be scored.
        """
        chosen = []
        for sample in data_samples:
            if self.counts(sample):
                # Where it stands in the data set, as mmengine deals it out.
                self._places.append(self._seen * get_world_size() + get_rank())
                chosen.append(sample)
            self._seen += 1
        for start in range(0, len(chosen), CHUNK):
            samples = chosen[start:start + CHUNK]
            self.results.extend(self.make_rows(samples))
            self._features.extend(
                pair_features(sample) if self.needs_features else None
                for sample in samples)

    def evaluate(self, size: int) -> dict:
        """Gather the rows of all processes, and aggregate on each.

        Args:
            size (int): Samples of the data set; what lies beyond is padding.
        """
        kept = [i for i, place in enumerate(self._places) if place < size]
        rows = [self.results[i] for i in kept]
        self.finish(rows, [self._features[i] for i in kept])
        self._reset()
        # mmengine would cut lists of unequal length to the shortest.
        self.results = [rows]
        return super().evaluate(get_world_size())

    def restore(self, rows: Sequence[dict]) -> None:
        """Take rows that were finished before, from a file."""
        self.results = list(rows)
        self._places = list(range(len(self.results)))
        self._features = [None] * len(self.results)

    def finish(self, rows: List[dict],
               features: Sequence[Optional[Features]]) -> None:
        """Add to the rows what depends on other samples; on every process.

        Args:
            rows (list[dict]): Of this process.
            features (Sequence): See :func:`pair_features`; None for each row
                unless ``needs_features``.
        """

    @abstractmethod
    def make_rows(self, samples: Sequence[dict]) -> List[dict]:
        """Rows, with ``sample_id``, of ``AVDataSample.to_dict()`` of each."""

    @abstractmethod
    def statistics(self, rows: List[dict]) -> Dict[str, SampleStatistic]:
        """The model's numbers, by their keys, as functions of the samples."""

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """The numbers of all rows, sorted by id, by keys without prefix."""
        return {k: s.value() for k, s in self.statistics(rows).items()}

    def content(self, rows: List[dict],
                metrics: Dict[str, float]) -> Dict[str, Any]:
        """Parts of the file of results, of rows sorted by id."""
        return dict(
            metric=dict(type=metric_name(type(self)), **self.options()),
            dataset=dict(name=self.meta('dataset_name', 'data set')),
            n=len(rows),
            n_listed=metrics['n_listed'],
            metrics=metrics,
            results=[{
                k: row[k]
                for k in self.row_schema if k in row
            } for row in rows])

    def compute_metrics(self, results: List[List[dict]]) -> Dict[str, float]:
        """Aggregate, write the file, show the report.

        Raises:
            ValueError: See :meth:`summarize`.
        """
        rows = sorted((row for part in results for row in part),
                      key=lambda row: row['sample_id'])
        metrics = self.summarize(rows)
        try:
            if self.intervals:
                self.found_intervals = self.find_intervals(rows)
            if self.out_file is not None:
                content = self.content(rows, metrics)
                write_results(self.out_file,
                              add_provenance(content, self.dataset_meta))
                log_shown(f'per-sample results: {self.out_file}')
        finally:
            # Last, and also where the disk is full.
            log_shown('\n' + self.report(metrics))
        return metrics

    def own_numbers(self, metrics: Mapping[str, float]) -> Dict[str, float]:
        """Those of :meth:`summarize` among an evaluator's numbers."""
        start = f'{self.prefix}/' if self.prefix else ''
        return {
            k.removeprefix(start): v
            for k, v in metrics.items() if k.startswith(start)
        }

    def find_intervals(self,
                       rows: List[dict]) -> Dict[str, Optional[List[float]]]:
        """Bootstrap 95 % intervals over samples, or over groups.

        Low and high in percent, by the keys of :meth:`statistics`; None where
        there is one unit only, which says nothing of its spread.
        """
        return {
            key: None if math.isnan(low + high) else [low, high]
            for key, (low, high) in ((k, s.interval())
                                     for k, s in self.statistics(rows).items())
        }

    def summarize(self, rows: List[dict]) -> Dict[str, float]:
        """The numbers alone, also ``n`` and ``n_listed``; no log or file.

        Raises:
            ValueError: If there is no row, an id occurs twice or the rows
                don't fit together.
        """
        if not rows:
            raise ValueError('no sample was scored; is the data set empty?')
        twice = duplicated([row['sample_id'] for row in rows])
        if twice:
            raise ValueError('scored more than once, so that a mean would be '
                             f'wrong: {", ".join(map(repr, twice))}')
        found = self.aggregate(sorted(rows, key=lambda row: row['sample_id']))
        found.setdefault('n', len(rows))
        found.setdefault('n_listed', self.meta('n_listed', found['n']))
        return found
