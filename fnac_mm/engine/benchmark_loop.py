"""One checkpoint on every test set whose data are there."""
import copy
import json
import os.path as osp
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from mmengine.dataset import BaseDataset
from mmengine.dist import all_gather_object, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.runner import BaseLoop, Runner, TestLoop

from fnac_mm.datasets import read_id_list
from fnac_mm.evaluation import benchmark_numbers, format_benchmarks
from fnac_mm.evaluation.result_file import short_name
from fnac_mm.registry import DATASETS, LOOPS, METRICS
from fnac_mm.utils import file_digest, list_digest, log_shown, write_atomically
from .hooks.provenance_hook import describe_run

Benchmark = Dict[str, Any]
# Metrics, each with the name of its set or subset.
Scored = List[Tuple[str, Any]]


@LOOPS.register_module()
class BenchmarkLoop(BaseLoop):
    """Test on several sets, one after the other, and write one table.

    Each sample goes through the network once, whatever the number of
    metrics and subsets. A set whose files are not there is named with the
    reason. Written to ``out_dir``: ``benchmarks.md``, ``benchmarks.json`` and
    a file of per-sample results for each metric.

    Args:
        runner (Runner): The runner.
        dataloader (dict): Settings of each set's loader, without
            ``dataset``.
        evaluator (list | dict): Not used; each set has its own.
        benchmarks (Sequence[dict]): Sets, each with ``name``; ``dataset``,
            a config whose ``data_root`` is relative to the one here and
            which has no pipeline; ``evaluator``, a list of metrics, each a
            :class:`~fnac_mm.evaluation.SampleMetric`; and, if wanted,
            ``masks`` (bool), ``negatives`` (kinds of
            :class:`~fnac_mm.datasets.NegativeAudio` that are tested too) and
            ``subsets`` (list files by name, which the first metric
            scores as sets of their own).
        pipeline (Sequence[dict]): Transforms of all sets; ``LoadMask`` is
            put first where there are masks.
        data_root (str): Folder of all sets. Defaults to 'data'.
        out_dir (str, optional): Where results go; None (default): the work
            dir.
        intervals (bool): Whether to find 95 % intervals. Defaults to True.
        allow_missing (bool): Whether to score sets of which some files are
            absent. Defaults to False.

    Raises:
        ValueError: If two sets have one name.
    """

    def __init__(self,
                 runner: Runner,
                 dataloader: dict,
                 evaluator: Any,
                 benchmarks: Sequence[dict],
                 pipeline: Sequence[dict],
                 data_root: str = 'data',
                 out_dir: Optional[str] = None,
                 intervals: bool = True,
                 allow_missing: bool = False) -> None:
        # The parent would build a loader, of which there is one per set.
        self._runner = runner
        self.dataloader: Any = []
        self.settings = {k: v for k, v in dataloader.items() if k != 'dataset'}
        self.benchmarks: List[Benchmark] = [dict(b) for b in benchmarks]
        names = [b['name'] for b in self.benchmarks]
        if len(set(names)) < len(names):
            raise ValueError(f'benchmarks: names must differ, got {names}')
        self.pipeline = list(pipeline)
        self.data_root = data_root
        self.out_dir = Path(out_dir or runner.work_dir)
        self.intervals = intervals
        self.allow_missing = allow_missing

    def run(self) -> Dict[str, float]:
        """Test on all sets.

        Returns:
            dict[str, float]: By ``<set>/<key of the metric>``.

        Raises:
            FileNotFoundError: If there is no set at all.
        """
        found: Dict[str, float] = {}
        rows: List[Dict[str, Any]] = []
        metrics: List[Any] = []
        missing: Dict[str, str] = {}
        for benchmark in self.benchmarks:
            name = benchmark['name']
            dataset, reason = self._build(benchmark)
            if dataset is None:
                missing[name] = reason
                log_shown(f'{name}: not scored: {reason}')
                continue
            scores, scored = self._score(benchmark, dataset, missing)
            found.update(scores)
            metrics += [metric for _, metric in scored]
            for title, metric in scored:
                rows += benchmark_numbers(title, metric,
                                          metric.own_numbers(scores))
        if not found:
            raise FileNotFoundError(
                f'{self.data_root}: none of the sets is there: {missing}')
        if is_main_process():
            self._write(rows, metrics, missing)
        return found

    def _build(self, benchmark: Benchmark) -> Any:
        """Data set, or None and the reason; the same on all processes."""
        dataset, reason = None, ''
        try:
            dataset = self._dataset(benchmark)
        except FileNotFoundError as error:
            reason = str(error)
        reasons = [r for r in all_gather_object(reason) if r]
        return (None, reasons[0]) if reasons else (dataset, '')

    def _dataset(self, benchmark: Benchmark) -> BaseDataset:
        """The set, with its negatives."""
        cfg = copy.deepcopy(dict(benchmark['dataset']))
        root = osp.join(self.data_root, cfg.get('data_root', ''))
        if not osp.isdir(root):
            raise FileNotFoundError(f'{root}: no such folder')
        masks = [dict(type='LoadMask')] if benchmark.get('masks') else []
        cfg.update(
            data_root=root,
            test_mode=True,
            allow_missing=self.allow_missing,
            pipeline=masks + self.pipeline)
        dataset = DATASETS.build(cfg)
        dataset.full_init()
        kinds = benchmark.get('negatives', ())
        if not kinds:
            return dataset
        negatives = [
            DATASETS.build(
                dict(type='NegativeAudio', kind=kind, dataset=dataset))
            for kind in kinds
        ]
        return DATASETS.build(
            dict(
                type='ConcatDataset',
                datasets=[dataset, *negatives],
                ignore_keys=['dataset_name', 'group_key']))

    def _score(self, benchmark: Benchmark, dataset: BaseDataset,
               missing: Dict[str, str]) -> Tuple[Dict[str, float], Scored]:
        """Test on one set: scores, and metrics by the names of their sets."""
        name = benchmark['name']
        named = [(name, self._metric(cfg, name, name))
                 for cfg in benchmark['evaluator']]
        subsets = self._subsets(benchmark, missing)
        named += [(subset, metric) for subset, (metric, _) in subsets.items()]
        loader = Runner.build_dataloader(
            dict(self.settings, dataset=dataset), seed=self.runner.seed)
        loop = TestLoop(self.runner, loader, Evaluator([m for _, m in named]))
        for subset, (metric, ids) in subsets.items():
            metric.subset = ids
            metric.dataset_meta = dict(
                metric.dataset_meta,
                dataset_name=subset,
                n_listed=len(ids),
                n_found=len(ids),
                list_sha256=list_digest(ids))
        # Hooks ask the runner's loop for the loader.
        self.dataloader = loop.dataloader
        # Or the log would repeat the numbers of the sets before.
        logged = self.runner.message_hub.log_scalars
        for key in [key for key in logged if key.startswith('test/')]:
            del logged[key]
        return loop.run(), named

    def _metric(self, cfg: Mapping[str, Any], name: str, prefix: str) -> Any:
        """Metric that writes a file named after its set or subset."""
        out_file = self.out_dir / 'results' / (
            f'{name}_{short_name(cfg["type"])}.json')
        metric = METRICS.build(
            dict(cfg, intervals=self.intervals, out_file=str(out_file)))
        own = name if name != prefix else metric.prefix
        metric.prefix = f'{prefix}/{own}' if own else prefix
        return metric

    def _subsets(self, benchmark: Benchmark,
                 missing: Dict[str, str]) -> Dict[str, Tuple[Any, Set[str]]]:
        """Metric and ids of each subset whose list is there."""
        root = osp.join(self.data_root,
                        benchmark['dataset'].get('data_root', ''))
        found = {}
        for name, path in benchmark.get('subsets', {}).items():
            path = osp.join(root, path)
            if not all(all_gather_object(osp.isfile(path))):
                missing[name] = f'{path}: no such list'
                continue
            metric = self._metric(benchmark['evaluator'][0], name,
                                  benchmark['name'])
            found[name] = metric, set(read_id_list(path))
        return found

    def _write(self, rows: List[Dict[str, Any]], metrics: Sequence[Any],
               missing: Dict[str, str]) -> None:
        """The table, as markdown and json, each at once or not at all."""
        checkpoint = self.runner._load_from
        head: Dict[str, Any] = dict(
            data_root=self.data_root,
            **describe_run(self.runner.cfg.to_dict()))
        if checkpoint:
            head.update(checkpoint=checkpoint, sha256=file_digest(checkpoint))
        content = dict(head=head, rows=rows, missing=missing)
        table = format_benchmarks(content, metrics)
        write_atomically(self.out_dir / 'benchmarks.md', table)
        write_atomically(self.out_dir / 'benchmarks.json',
                         json.dumps(content, indent=1, allow_nan=False))
        log_shown(f'\n{table}\nwritten: {self.out_dir / "benchmarks.md"}, '
                  '.json, results/')
