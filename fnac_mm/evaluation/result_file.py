"""The file of per-sample results: one place that knows its layout.

A json object with ``version``, ``metric`` (``type``, the registered name of
the metric, and the options that decide its numbers), ``dataset`` (``name``),
``n``, ``n_listed``, ``metrics`` (percent; null for what is not defined),
``results`` and ``sha256`` of all that. Results are rows sorted by
``sample_id``; what else they hold the metric's ``row_schema`` says, so that a
metric of another project has such files too. ``provenance`` says where the
numbers come from (:mod:`fnac_mm.evaluation.provenance`), if that is known.

Metrics of maps also have ``protocol`` (all fields) and in ``dataset`` how
boxes become a target (``combine``, ``consensus``); their rows hold ``boxes``
as published, ``n_boxes``, the raw ``map`` and, where there is one, the raw
``object_map`` and ``shuffled_map`` (made with another clip's sound), and of a
sample whose target is a mask ``mask``, runs of pixels
(:func:`fnac_mm.evaluation.sample_row.encode_mask`). Raw maps and targets are
all that another protocol needs. Where groups were scored, ``dataset`` has
``group_key`` and each sample its ``group``.
"""
import json
import os
import reprlib
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple, Union, get_args

import numpy as np

from fnac_mm.registry import METRICS
from fnac_mm.utils import json_digest, write_atomically
from .provenance import annotation_digest

VERSION = 1
# Of what was found, for messages: an edited file may hold anything.
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 80
PARTS = dict(
    metric=dict,
    dataset=dict,
    n=int,
    n_listed=int,
    metrics=dict,
    results=list,
    sha256=str)


def _registered() -> Iterator[Tuple[str, Any]]:
    """Names and classes of metrics that rows can come from; ours first."""
    METRICS.import_from_location()
    root = METRICS.parent
    for registry in (METRICS, root, *root.children.values()):
        for name, found in registry.module_dict.items():
            if hasattr(found, 'row_schema'):
                yield name, found


def metric_name(metric_class: type) -> str:
    """Registered name of a metric, by which its files name it."""
    names = (name for name, found in _registered() if found is metric_class)
    return next(names, metric_class.__name__)


def short_name(metric_type: Union[str, type]) -> str:
    """What a metric adds to the name of a file."""
    name = str(getattr(metric_type, '__name__', metric_type))
    return name.split('.')[-1].removesuffix('Metric').lower()


def ask_for_results(evaluator: Any, path: str) -> None:
    """Let the metrics of a config write files of results.

    Args:
        evaluator (dict | list[dict]): Changed in place.
        path (str): File of the first; another writes ``<path>_<metric>``.

    Raises:
        ValueError: If none of them can.
    """
    metrics = evaluator if isinstance(evaluator, list) else [evaluator]
    able = []
    for metric in metrics:
        kind = metric['type']
        kind = METRICS.get(kind) if isinstance(kind, str) else kind
        if hasattr(kind, 'row_schema'):
            able.append(metric)
    if not able:
        raise ValueError(f'--out {path}: no metric of the test_evaluator '
                         'derives from fnac_mm.evaluation.SampleMetric')
    stem, suffix = os.path.splitext(path)
    able[0]['out_file'] = path
    for metric in able[1:]:
        metric['out_file'] = f'{stem}_{short_name(metric["type"])}{suffix}'


def find_metric(name: str) -> Any:
    """Metric of a registered name.

    A file is data: unlike ``METRICS.get`` this imports nothing for a name.

    Args:
        name (str): Name without scope.

    Returns:
        type: Subclass of :class:`SampleMetric`.

    Raises:
        ValueError: If no such metric is registered.
    """
    known = dict(reversed(list(_registered())))
    if name not in known:
        raise ValueError(
            f'unknown metric {_BRIEF.repr(name)}; known are '
            f'{", ".join(sorted(known))}. For one of another project name '
            'its module: --import MODULE')
    return known[name]


def content_digest(content: Dict[str, Any]) -> str:
    """SHA-256 of all parts but itself, whatever the layout of the file."""
    return json_digest({k: v for k, v in content.items() if k != 'sha256'})


def write_results(path: Union[str, Path], content: Dict[str, Any]) -> None:
    """Write a file of results, at once or not at all.

    Args:
        path (str | Path): File; its folder is made if needed.
        content (dict): All parts but ``version``.

    Raises:
        ValueError: If a number is infinite, or NaN elsewhere than in
            ``metrics``.
    """
    head = dict(version=VERSION, **content)
    # NaN is not json. A score is NaN where nothing defines it.
    head['metrics'] = {
        k: None if v != v else v
        for k, v in head['metrics'].items()
    }
    head['sha256'] = content_digest(head)
    # One sample per line: for grep and diff.
    rows = ',\n'.join(
        json.dumps(row, allow_nan=False) for row in head.pop('results'))
    text = json.dumps(head, allow_nan=False)[:-1]
    write_atomically(path, f'{text}, "results": [\n{rows}\n]}}\n')


def read_results(path: Union[str, Path]) -> Dict[str, Any]:
    """Read and check a file of results.

    Args:
        path (str | Path): File.

    Returns:
        dict: The parts of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed; the message names file and place.
    """
    try:
        content = json.loads(
            Path(path).read_text(encoding='utf-8'),
            parse_constant=_refuse_constant)
        json_digest(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not a file of results: '
                         f'{error!s:.200}') from None
    if not isinstance(content, dict) or content.get('version') != VERSION:
        found = content.get('version') if isinstance(content, dict) else None
        raise ValueError(
            f'{path}: expected version {VERSION} of the file of '
            f'results, found {_BRIEF.repr(found)}; was it written by '
            'tools/test.py --out?')
    check_keys(content, PARTS, str(path))
    check_keys(content['metric'], dict(type=str), f'{path}: metric')
    try:
        metric = find_metric(content['metric']['type'])
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None
    check_keys(content['dataset'], dict(name=str), f'{path}: dataset')
    metric.check_head(content, str(path))
    _check_rows(content, metric, str(path))
    if content['sha256'] != content_digest(content):
        raise ValueError(
            f'{path} was changed after the evaluation: it does not have the '
            f'sha256 {_BRIEF.repr(content["sha256"])} that it names; '
            'evaluate again with tools/test.py --out')
    if 'provenance' in content:
        _check_provenance(content, str(path))
    return content


def _check_rows(content: Dict[str, Any], metric: Any, path: str) -> None:
    """ValueError naming the first sample that is malformed."""
    rows = content['results']
    if not rows:
        raise ValueError(f'{path}: no results')
    grouped = dict(group=str) if 'group_key' in content['dataset'] else {}
    for index, row in enumerate(rows):
        check_keys(row, dict(sample_id=str), f'{path}: result {index}')
        check_keys(row, metric.row_schema, f'{path}: result {index}')
        where = f'{path}: sample {_BRIEF.repr(row["sample_id"])}'
        check_keys(row, grouped, where)
        metric.check_row(row, where)
    twice = duplicated([row['sample_id'] for row in rows])
    if twice:
        raise ValueError(f'{path}: ids more than once: '
                         f'{", ".join(twice)[:200]}')
    if content['n'] != len(rows):
        raise ValueError(f'{path}: n is {content["n"]}, but there are '
                         f'{len(rows)} results')


def _check_provenance(content: Dict[str, Any], path: str) -> None:
    """ValueError if the origin is malformed or of other samples."""
    check_keys(content, dict(provenance=dict), path)
    facts = content['provenance']
    kinds: Dict[str, type] = dict(code=dict, hardware=dict)
    kinds.update({key: str for key in facts if key.endswith('_sha256')})
    check_keys(facts, {
        k: v
        for k, v in kinds.items() if k in facts
    }, f'{path}: provenance')
    stored = facts.get('annotation_sha256')
    if stored is not None and stored != annotation_digest(content['results']):
        raise ValueError(f'{path} was changed after the evaluation: its '
                         'samples do not have the annotation_sha256 '
                         f'{stored!r} that it names')


def duplicated(sample_ids: List[str]) -> List[str]:
    """Ids that occur more than once, sorted."""
    return sorted(k for k, count in Counter(sample_ids).items() if count > 1)


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are not json, though Python reads them."""
    raise ValueError(f'it holds {name}')


def check_keys(part: Any, expected: Mapping[str, Any], where: str) -> None:
    """ValueError unless all keys are there, with values of these types.

    ``where`` begins the message; a type ``Optional[...]`` may be absent.
    """
    if not isinstance(part, dict):
        raise ValueError(f'{where}: expected an object, found '
                         f'{_BRIEF.repr(part)}')
    for key, kind in expected.items():
        if type(None) in get_args(kind):
            if key not in part:
                continue
            kind = get_args(kind)[0]
        if key not in part:
            raise ValueError(f'{where}: {key!r} is missing')
        kinds = (int, float) if kind is float else kind
        if not isinstance(part[key], kinds):
            raise ValueError(f'{where}: {key!r} should be a {kind.__name__}, '
                             f'found {_BRIEF.repr(part[key])}')


def check_array(values: Any,
                rank: int,
                where: str,
                width: Union[int, None] = None) -> None:
    """ValueError unless a full array of finite numbers of this rank.

    ``where`` begins the message; ``width`` is that of the last dimension.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
        # It would also read '1' and true.
        is_plain = np.asarray(values).dtype.kind in 'iufO'
    except (TypeError, ValueError, OverflowError):
        is_plain = False
    if not is_plain:
        raise ValueError(f'{where}: not an array of numbers')
    if array.ndim != rank or array.size == 0 or (width is not None
                                                 and array.shape[-1] != width):
        raise ValueError(f'{where}: unexpected shape {array.shape}')
    if not np.isfinite(array).all():
        raise ValueError(f'{where}: a number is not finite')
