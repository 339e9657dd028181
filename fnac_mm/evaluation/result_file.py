"""The file of per-sample results: one place that knows its layout.

A json object with ``version``, ``metric`` (``type`` and the options that
decide its numbers), ``protocol`` (all fields), ``dataset`` (``name``,
``combine``, ``consensus``), ``n``, ``n_listed``, ``metrics`` (percent; null
for what is not defined), ``results`` and ``sha256`` of all that. Results are,
per sample and sorted by ``sample_id``, ``boxes`` as published, ``n_boxes``,
the raw ``map`` and, where there is one, the raw ``object_map`` and
``shuffled_map`` (made with another clip's sound). A sample whose target is a
mask has ``mask``, runs of pixels
(:func:`fnac_mm.evaluation.sample_rows.encode_mask`). ``LocalizationMetric``
adds ``ciou`` by kind of map, ``target_area`` and ``empty_target``; where
groups were scored, ``dataset`` has ``group_key`` and each sample its
``group``. Raw maps and targets are all that another protocol needs.
``RetrievalMetric`` has no protocol, and of each sample only the places
``to_audio`` and ``to_image``. ``provenance`` says where the numbers come from
(:mod:`fnac_mm.evaluation.provenance`); files of earlier releases lack it.
"""
import hashlib
import json
import os
import reprlib
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Union

import numpy as np

from fnac_mm.functional import Protocol
from .provenance import annotation_digest
from .sample_rows import decode_mask

VERSION = 1
# Of what was found, for messages: an edited file may hold anything.
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 80
# Files of the first release name no metric.
FIRST = 'LocalizationMetric'
PARTS = dict(dataset=dict, n=int, n_listed=int, metrics=dict, results=list)
MAP_ROW = dict(sample_id=str, boxes=list, n_boxes=int, map=list)
ROWS: Dict[str, Dict[str, type]] = dict(
    LocalizationMetric=dict(
        MAP_ROW, ciou=dict, target_area=float, empty_target=bool),
    SegmentationMetric=dict(MAP_ROW, mask=dict),
    ExtendedLocalizationMetric=MAP_ROW,
    NegativeAudioMetric=MAP_ROW,
    RetrievalMetric=dict(sample_id=str, to_audio=int, to_image=int))


def _digest(content: Dict[str, Any]) -> str:
    """SHA-256 of all parts but itself, whatever the layout of the file."""
    parts = {k: v for k, v in content.items() if k != 'sha256'}
    text = json.dumps(parts, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(text.encode()).hexdigest()


def write_results(path: Union[str, Path], content: Dict[str, Any]) -> None:
    """Write a file of results, at once or not at all.

    Args:
        path (str | Path): File; its folder is made if needed.
        content (dict): All parts but ``version``.

    Raises:
        ValueError: If a number is infinite, or NaN elsewhere than in
            ``metrics``.
    """
    path = Path(path)
    head = dict(version=VERSION, **content)
    # NaN is not json. A score is NaN where nothing defines it.
    head['metrics'] = {
        k: None if v != v else v
        for k, v in head['metrics'].items()
    }
    head['sha256'] = _digest(head)
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
        dict: The parts of the file; ``metric`` is there also of files of
        the first release, which have none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed; the message names file and place.
    """
    try:
        content = json.loads(
            Path(path).read_text(encoding='utf-8'),
            parse_constant=_refuse_constant)
        _digest(content if isinstance(content, dict) else {})
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not a file of results: '
                         f'{error!s:.200}') from None
    if not isinstance(content, dict) or content.get('version') != VERSION:
        found = content.get('version') if isinstance(content, dict) else None
        raise ValueError(
            f'{path}: expected version {VERSION} of the file of '
            f'results, found {_BRIEF.repr(found)}; was it written by '
            'tools/test.py --out?')
    is_sealed = 'metric' in content or 'sha256' in content
    kind = content.setdefault('metric', dict(type=FIRST))
    _check_keys(content, dict(metric=dict), str(path))
    _check_keys(kind, dict(type=str), f'{path}: metric')
    if kind['type'] not in ROWS:
        raise ValueError(
            f'{path}: unknown metric {_BRIEF.repr(kind["type"])}; known '
            f'are {", ".join(ROWS)}')
    _check_keys(content, PARTS, str(path))
    _check_keys(content['dataset'], dict(name=str), f'{path}: dataset')
    row = ROWS[kind['type']]
    if 'map' in row:
        _check_keys(content, dict(protocol=dict), str(path))
        _check_protocol(content['protocol'], f'{path}: protocol')
        _check_keys(content['dataset'], dict(combine=str, consensus=int),
                    f'{path}: dataset')
    _check_rows(content['results'], str(path), row, 'group_key'
                in content['dataset'])
    if content['n'] != len(content['results']):
        raise ValueError(f'{path}: n is {content["n"]}, but there are '
                         f'{len(content["results"])} results')
    if is_sealed:  # as all but those of the first release
        _check_keys(content, dict(sha256=str), str(path))
        _check_digest(content, str(path))
    _check_provenance(content, str(path))
    return content


def _check_digest(content: Dict[str, Any], path: str) -> None:
    """ValueError if something is not as it was written."""
    stored = content.get('sha256')
    if stored != _digest(content):
        raise ValueError(
            f'{path} was changed after the evaluation: it does '
            f'not have the sha256 {_BRIEF.repr(stored)} that it names; '
            'evaluate again with tools/test.py --out')


def _check_provenance(content: Dict[str, Any], path: str) -> None:
    """ValueError if the origin is malformed or of other samples."""
    if 'provenance' not in content:
        return
    _check_keys(content, dict(provenance=dict, sha256=str), path)
    facts = content['provenance']
    where = f'{path}: provenance'
    for key in facts:
        if key.endswith('_sha256'):
            _check_keys(facts, {key: str}, where)
    for key in ('code', 'hardware'):
        if key in facts:
            _check_keys(facts, {key: dict}, where)
    stored = facts.get('annotation_sha256')
    if stored is not None and stored != annotation_digest(content['results']):
        raise ValueError(f'{path} was changed after the evaluation: its '
                         'samples do not have the annotation_sha256 '
                         f'{stored!r} that it names')


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
        raise ValueError(f'{where}: expected an object, found '
                         f'{_BRIEF.repr(part)}')
    for key, kind in expected.items():
        if key not in part:
            raise ValueError(f'{where}: {key!r} is missing')
        kinds = (int, float) if kind is float else kind
        if not isinstance(part[key], kinds):
            raise ValueError(f'{where}: {key!r} should be a {kind.__name__}, '
                             f'found {_BRIEF.repr(part[key])}')


def _check_protocol(part: Dict[str, Any], where: str) -> None:
    """ValueError unless these are the fields of a protocol."""
    example = asdict(Protocol('', threshold=0.5))
    unknown = sorted(set(part) - set(example))
    if unknown:
        raise ValueError(f'{where}: unknown field '
                         f'{", ".join(unknown)[:200]}')
    if part.get('threshold', 0) is None:
        example.pop('threshold')
    _check_keys(part, {k: type(v) for k, v in example.items()}, where)


def _check_rows(rows: List[Any], path: str, expected: Dict[str, type],
                grouped: bool) -> None:
    """ValueError naming the first sample that is malformed."""
    if not rows:
        raise ValueError(f'{path}: no results')
    for index, row in enumerate(rows):
        _check_keys(row, expected, f'{path}: result {index}')
        where = f'{path}: sample {_BRIEF.repr(row["sample_id"])}'
        if grouped:
            _check_keys(row, dict(group=str), where)
        if 'map' in expected:
            _check_map_row(row, where)
    twice = duplicated([row['sample_id'] for row in rows])
    if twice:
        raise ValueError(f'{path}: ids more than once: '
                         f'{", ".join(twice)[:200]}')


def _check_map_row(row: Dict[str, Any], where: str) -> None:
    """ValueError unless maps, targets and scores are arrays of numbers."""
    for key in ('map', 'object_map', 'shuffled_map'):
        if key in row:
            _check_array(row[key], 2, f'{where}: {key}')
    if 'mask' in row:
        _check_mask(row['mask'], f'{where}: mask')
    if row['boxes']:
        _check_array(row['boxes'], 2, f'{where}: boxes', width=4)
    if 'ciou' in row:
        _check_array(list(row['ciou'].values()), 1, f'{where}: ciou')


def _check_mask(part: Any, where: str) -> None:
    """ValueError unless these are runs that make a mask."""
    _check_keys(part, dict(size=list, counts=list), where)
    try:
        decode_mask(part)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'{where}: {error!s:.200}') from None


def _check_array(values: Any,
                 rank: int,
                 where: str,
                 width: Union[int, None] = None) -> None:
    """ValueError unless these are finite numbers in a full array."""
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
