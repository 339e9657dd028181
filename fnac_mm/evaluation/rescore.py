"""From a file of results back to the metric that wrote it."""
import logging
import sys
from itertools import groupby
from typing import Any, Dict, List, Optional, Tuple, Union

from mmengine.logging import MMLogger

from fnac_mm.functional import Protocol, build_protocol
from .result_file import find_metric
from .sample_row import row_to_sample
from .score_table import known

# Another processor may resize a map with another last bit.
TOLERANCE = 1e-3


def change_protocol(content: Dict[str, Any],
                    protocol: Optional[str] = None,
                    alpha: Optional[float] = None) -> Optional[Protocol]:
    """Protocol that a user asks for instead of the file's, if any."""
    if protocol is None and alpha is None:
        return None
    if 'protocol' not in content:
        raise ValueError(f'{content["metric"]["type"]} has no protocol to '
                         'change')
    return build_protocol(protocol or Protocol(**content['protocol']), alpha)


def log_to_stderr() -> None:
    """Metrics log their tables to stdout, which may be for json."""
    for handler in MMLogger.get_current_instance().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = sys.stderr


def _build(content: Dict[str, Any],
           protocol: Union[None, str, Dict[str, Any], Protocol] = None,
           out_file: Optional[str] = None) -> Any:
    """The metric of a file, which has not seen any sample yet."""
    settings = dict(content['metric'], out_file=out_file)
    name = settings.pop('type')
    if 'protocol' in content:
        settings['protocol'] = protocol or Protocol(**content['protocol'])
    try:
        metric = find_metric(name)(**settings)
    except TypeError as error:
        raise ValueError(f'{name}: {error}') from None
    dataset = dict(content['dataset'])
    metric.dataset_meta = dict(
        dataset,
        dataset_name=dataset.pop('name'),
        n_listed=content['n_listed'],
        n_found=content['n'],
        # Of the run that made the maps, also if that is not known.
        provenance=content.get('provenance', {}))
    return metric


def score_again(content: Dict[str, Any],
                protocol: Union[None, str, Dict[str, Any], Protocol] = None,
                out_file: Optional[str] = None) -> Any:
    """The registered metric, with all samples of a file processed.

    Args:
        content (dict): See :func:`read_results`.
        protocol (str | dict | Protocol, optional): Instead of the file's.
        out_file (str, optional): Where the metric writes new results.

    Returns:
        SampleMetric: Its ``results`` are in the order of the file.

    Raises:
        ValueError: If the metric does not take an option that the file
            names.
    """
    metric = _build(content, protocol, out_file)
    rows = content['results']
    if 'protocol' not in content:
        metric.restore(rows)
        return metric
    samples = [row_to_sample(row).to_dict() for row in rows]
    # Only maps of one size can be scored together.
    for _, group in groupby(samples, lambda s: s['pred_map']['data'].shape):
        metric.process(None, list(group))
    return metric


def scored_rows(content: Dict[str, Any]) -> Tuple[Any, List[Dict[str, Any]]]:
    """The metric of a file and its rows with their scores, in its order."""
    metric = _build(content)
    if 'protocol' not in content or metric.score_keys():
        return metric, content['results']
    metric = score_again(content)
    return metric, metric.results


def check_unchanged(path: str, content: Dict[str, Any], metric: Any) -> int:
    """Refuse a file whose scores its own maps and boxes contradict.

    Where the file has the scores of samples, its aggregates must be those of
    its samples to the last bit. Another processor may resize a map with
    another last bit, which moves a sample's score by a pixel or two: that
    much is accepted.

    Args:
        path (str): For the message.
        content (dict): Of the file.
        metric (SampleMetric): From :func:`score_again`.

    Returns:
        int: How many samples, or else numbers, have moved by so little.

    Raises:
        ValueError: If a score differs; names the first.
    """
    changed = f'{path} was changed after the evaluation: '
    rows, allowed = metric.results, 100 * TOLERANCE
    keys = metric.score_keys()
    moved = 0
    if keys:
        rows, allowed = content['results'], 0.
        for old, new in zip(content['results'], metric.results):
            for key in keys:
                if _differs(old[key], new[key], TOLERANCE):
                    raise ValueError(
                        f'{changed}{key} of {old["sample_id"]!r} is '
                        f'{old[key]}, its map and boxes give {new[key]}')
            moved += any(old[key] != new[key] for key in keys)
    stored = content['metrics']
    found = metric.summarize(rows)
    for key in sorted(set(stored) | set(found)):
        old, new = known(stored.get(key)), known(found.get(key))
        if old != new and (old is None or new is None
                           or _differs(old, new, allowed)):
            raise ValueError(f'{changed}{key} is {old}, the samples give '
                             f'{new}')
        moved += old != new
    return moved


def _differs(old: Any, new: Any, allowed: float) -> bool:
    """Whether two scores, or dicts of them, are further apart than allowed."""
    if isinstance(old, dict):
        return old.keys() != new.keys() or any(
            _differs(old[key], new[key], allowed) for key in old)
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        return abs(old - new) > allowed
    return bool(old != new)
