"""The file of per-sample results: one place that knows its layout.

A json object with ``version``, ``protocol`` (all fields), ``dataset``
(``name``, ``combine``, ``consensus``), ``n``, ``n_listed``, ``metrics``
(percent) and ``results``: per sample, sorted by ``sample_id``, its ``ciou``
by kind of map, ``boxes`` as published, ``n_boxes``, ``target_area``,
``empty_target``, the raw ``map`` and, if there is one, the raw
``object_map``. A sample that is annotated by a mask alone has ``mask``, runs
of pixels (:func:`fnac_mm.evaluation.sample_rows.encode_mask`). Where groups
were scored, ``dataset`` has ``group_key`` and each sample its ``group``. Raw
maps and targets are all that another protocol needs.
"""
import json
import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Union

import numpy as np

from fnac_mm.functional import Protocol
from .sample_rows import decode_mask

VERSION = 1
PARTS = dict(
    protocol=dict,
    dataset=dict,
    n=int,
    n_listed=int,
    metrics=dict,
    results=list)
ROW = dict(
    sample_id=str,
    ciou=dict,
    boxes=list,
    n_boxes=int,
    target_area=float,
    empty_target=bool,
    map=list)


def write_results(path: Union[str, Path], content: Dict[str, Any]) -> None:
    """Write a file of results, at once or not at all.

    Args:
        path (str | Path): File; its folder is made if needed.
        content (dict): All parts but ``version``.

    Raises:
        ValueError: If a number is not finite.
    """
    path = Path(path)
    head = dict(version=VERSION, **content)
    # One sample per line: for grep and diff.
    rows = ',\n'.join(
        json.dumps(row, allow_nan=False) for row in head.pop('results'))
    text = json.dumps(head, allow_nan=False)[:-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    # A reader never sees half a file, not even after a kill.
    unfinished = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    unfinished.write_text(f'{text}, "results": [\n{rows}\n]}}\n')
    os.replace(unfinished, path)


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
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not a file of results: {error}') from None
    if not isinstance(content, dict) or content.get('version') != VERSION:
        found = content.get('version') if isinstance(content, dict) else None
        raise ValueError(f'{path}: expected version {VERSION} of the file of '
                         f'results, found {found!r}; was it written by '
                         'tools/test.py --out?')
    _check_keys(content, PARTS, str(path))
    _check_protocol(content['protocol'], f'{path}: protocol')
    _check_keys(content['dataset'], dict(name=str, combine=str, consensus=int),
                f'{path}: dataset')
    _check_rows(content['results'], str(path), 'group_key'
                in content['dataset'])
    if content['n'] != len(content['results']):
        raise ValueError(f'{path}: n is {content["n"]}, but there are '
                         f'{len(content["results"])} results')
    return content


def duplicated(sample_ids: List[str]) -> List[str]:
    """Ids that occur more than once, sorted.

    Args:
        sample_ids (list[str]): Ids.

    Returns:
        list[str]: Each once.
    """
    return sorted(k for k, count in Counter(sample_ids).items() if count > 1)


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are not json, though Python reads them."""
    raise ValueError(f'it holds {name}')


def _check_keys(part: Any, expected: Dict[str, type], where: str) -> None:
    """ValueError unless all keys are there, with values of these types."""
    if not isinstance(part, dict):
        raise ValueError(f'{where}: expected an object, found {part!r}')
    for key, kind in expected.items():
        if key not in part:
            raise ValueError(f'{where}: {key!r} is missing')
        kinds = (int, float) if kind is float else kind
        if not isinstance(part[key], kinds):
            raise ValueError(f'{where}: {key!r} should be a {kind.__name__}, '
                             f'found {part[key]!r}')


def _check_protocol(part: Dict[str, Any], where: str) -> None:
    """ValueError unless these are the fields of a protocol."""
    example = asdict(Protocol('', threshold=0.5))
    unknown = sorted(set(part) - set(example))
    if unknown:
        raise ValueError(f'{where}: unknown field {", ".join(unknown)}')
    if part.get('threshold', 0) is None:
        example.pop('threshold')
    _check_keys(part, {k: type(v) for k, v in example.items()}, where)


def _check_rows(rows: List[Any], path: str, grouped: bool) -> None:
    """ValueError naming the first sample that is malformed."""
    if not rows:
        raise ValueError(f'{path}: no results')
    for index, row in enumerate(rows):
        _check_keys(row, ROW, f'{path}: result {index}')
        where = f'{path}: sample {row["sample_id"]!r}'
        _check_array(row['map'], 2, f'{where}: map')
        if 'object_map' in row:
            _check_array(row['object_map'], 2, f'{where}: object_map')
        if grouped:
            _check_keys(row, dict(group=str), where)
        if 'mask' in row:
            _check_mask(row['mask'], f'{where}: mask')
        if row['boxes']:
            _check_array(row['boxes'], 2, f'{where}: boxes', width=4)
        _check_array(list(row['ciou'].values()), 1, f'{where}: ciou')
    twice = duplicated([row['sample_id'] for row in rows])
    if twice:
        raise ValueError(f'{path}: ids more than once: {", ".join(twice)}')


def _check_mask(part: Any, where: str) -> None:
    """ValueError unless these are runs that make a mask."""
    _check_keys(part, dict(size=list, counts=list), where)
    try:
        decode_mask(part)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{where}: {error}') from None


def _check_array(values: Any,
                 rank: int,
                 where: str,
                 width: Union[int, None] = None) -> None:
    """ValueError unless these are finite numbers in a full array."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f'{where}: not an array of numbers') from None
    if array.ndim != rank or array.size == 0 or (width is not None
                                                 and array.shape[-1] != width):
        raise ValueError(f'{where}: unexpected shape {array.shape}')
    if not np.isfinite(array).all():
        raise ValueError(f'{where}: a number is not finite')
