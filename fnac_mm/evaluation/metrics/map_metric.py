"""What all metrics of maps share: rows, chunks, checks."""
from abc import abstractmethod
from typing import Any, Dict, List, Optional, Sequence

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from torch import Tensor

from ..protocol import ProtocolLike, build_protocol
from ..result_file import duplicated
from ..sample_rows import describe_sample, row_target, stack_maps

# Samples scored at once; their large maps fit the caches of a processor.
CHUNK = 16


class MapMetric(BaseMetric):
    """Scores predicted maps; the numbers are percent.

    They depend neither on the order of the samples nor on the number of
    processes. How boxes become a target (``combine``, ``consensus``) is told
    by the data set through ``dataset_meta``; a sample without boxes but with
    ``gt_mask`` has that for a target.

    Args:
        protocol (str | dict | Protocol): See :func:`build_protocol`.
            Defaults to ``'fnac_test'``.
        alpha (float, optional): Weight of the audio-visual map in the
            fusion, instead of the protocol's.
        combine (str, optional): ``'union'`` or ``'consensus'``, for a data
            set whose ``metainfo`` doesn't say.
        consensus (int, optional): The same.
        collect_device (str): ``'gpu'`` gathers through the process group,
            whatever its backend; ``'cpu'`` through files in a folder that
            all processes share. Defaults to ``'gpu'``.
        prefix (str, optional): Put before every key.

    Raises:
        ValueError: If the protocol is unknown or a value out of range.
    """

    # Not None, for which mmengine would warn at every start.
    default_prefix = ''

    def __init__(self,
                 protocol: ProtocolLike = 'fnac_test',
                 alpha: Optional[float] = None,
                 combine: Optional[str] = None,
                 consensus: Optional[int] = None,
                 collect_device: str = 'gpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.protocol = build_protocol(protocol, alpha)
        self.combine = combine
        self.consensus = consensus

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score one batch: one row of plain numbers per sample.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): ``AVDataSample.to_dict()`` of each
                sample, with ``pred_map`` and ``gt_instances`` or
                ``gt_mask``.

        Raises:
            ValueError: If a sample has no id, annotation or map, or one that
                is not finite, or if maps of a batch differ in size.
        """
        for start in range(0, len(data_samples), CHUNK):
            samples = data_samples[start:start + CHUNK]
            rows = [describe_sample(sample) for sample in samples]
            maps = stack_maps(samples, 'pred_map')
            objects = None
            if any('pred_object_map' in sample for sample in samples):
                objects = stack_maps(samples, 'pred_object_map')
            self.score(rows, samples, maps, objects)
            self.results.extend(rows)

    @abstractmethod
    def score(self, rows: List[dict], samples: Sequence[dict], maps: Tensor,
              objects: Optional[Tensor]) -> None:
        """Add to the rows what is aggregated later.

        Args:
            rows (list[dict]): See :func:`describe_sample`.
            samples (Sequence[dict]): Samples of the rows.
            maps (Tensor): (B, h, w), cosines.
            objects (Tensor, optional): (B, h', w').
        """

    @abstractmethod
    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """The numbers of checked rows, which are sorted by id.

        Args:
            rows (list[dict]): Of all samples; at least one.

        Returns:
            dict[str, float]: By their keys without prefix.
        """

    @abstractmethod
    def report(self, metrics: Dict[str, float]) -> str:
        """Table for the log.

        Args:
            metrics (dict[str, float]): See :meth:`aggregate`.

        Returns:
            str: Several lines.
        """

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Aggregate and log the table.

        Args:
            results (list[dict]): Rows of all processes.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: See :meth:`summarize`.
        """
        metrics = self.summarize(results)
        print_log('\n' + self.report(metrics), logger='current')
        return metrics

    def summarize(self, rows: List[dict]) -> Dict[str, float]:
        """The numbers alone, without log and file.

        Args:
            rows (list[dict]): As :meth:`process` makes them.

        Returns:
            dict[str, float]: See the class.

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
        return self.aggregate(sorted(rows, key=lambda row: row['sample_id']))

    def meta(self, key: str, default: Any) -> Any:
        """Entry of ``dataset_meta``, which may be absent.

        Args:
            key (str): Its name.
            default (Any): If it is absent.

        Returns:
            Any: The entry.
        """
        return (self.dataset_meta or {}).get(key, default)

    def target_rule(self) -> Dict[str, Any]:
        """How boxes become a target.

        Returns:
            dict: ``combine`` and ``consensus``.

        Raises:
            ValueError: If nobody says.
        """
        combine = self.combine or self.meta('combine', None)
        if combine is None:
            raise ValueError(
                f"{type(self).__name__} doesn't know how to combine boxes: "
                "the data set's metainfo has no 'combine'. Give "
                "combine='union' (VGG-SS) or combine='consensus', "
                'consensus=2 (Flickr) to the metric')
        consensus = self.consensus or self.meta('consensus', 2)
        return dict(combine=combine, consensus=consensus)

    def targets(self, rows: Sequence[dict]) -> Tensor:
        """What the maps are compared with.

        Args:
            rows (Sequence[dict]): See :func:`describe_sample`.

        Returns:
            Tensor: (B, size, size) float32 in [0, 1].
        """
        rule = self.target_rule()
        return torch.stack(
            [row_target(row, self.protocol.size, rule) for row in rows])


def common_kinds(rows: Sequence[dict], column: str,
                 order: Sequence[str]) -> List[str]:
    """Kinds of maps that all samples have.

    Args:
        rows (Sequence[dict]): See :meth:`MapMetric.process`.
        column (str): Entry of a row that is a dict by kind.
        order (Sequence[str]): Of the report.

    Returns:
        list[str]: Kinds in that order.

    Raises:
        ValueError: If a sample has others than the first.
    """
    for row in rows:
        if set(row[column]) != set(rows[0][column]):
            raise ValueError(
                'only some samples have an object map: compare '
                f'{row["sample_id"]!r} with {rows[0]["sample_id"]!r}')
    return [kind for kind in order if kind in rows[0][column]]
