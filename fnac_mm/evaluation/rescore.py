"""From a file of results back to the metric that wrote it."""
from itertools import groupby
from typing import Any, Dict, Optional

import torch

from fnac_mm.functional import Protocol
from fnac_mm.registry import METRICS
from .protocol import ProtocolLike
from .sample_rows import META_KEYS, decode_mask

# Another processor may resize a map with another last bit.
TOLERANCE = 1e-3
SAMPLE_SCORES = ('ciou', 'target_area', 'empty_target')


def to_sample(row: Dict[str, Any]) -> Dict[str, Any]:
    """Data sample, as the evaluator hands it to the metric, of a row.

    Args:
        row (dict): Of a file of results with maps.

    Returns:
        dict: ``AVDataSample.to_dict()`` of the prediction.
    """
    sample = {key: row[key] for key in ('sample_id', *META_KEYS) if key in row}
    for key in ('map', 'object_map', 'shuffled_map'):
        if key in row:
            sample[f'pred_{key}'] = dict(data=torch.tensor([row[key]]))
    if 'mask' in row:
        mask = torch.from_numpy(decode_mask(row['mask']))
        sample['gt_mask'] = dict(data=mask[None])
    if 'mask' not in row or row['boxes']:
        sample['gt_boxes'] = row['boxes']
    return sample


def score_again(content: Dict[str, Any],
                protocol: Optional[ProtocolLike] = None,
                out_file: Optional[str] = None) -> Any:
    """The registered metric, with all samples of a file processed.

    Args:
        content (dict): See :func:`read_results`.
        protocol (str | dict | Protocol, optional): Instead of the file's.
        out_file (str, optional): Where the metric writes new results.

    Returns:
        SampleMetric: Its ``results`` are in the order of the file.

    Raises:
        ValueError: If the metric has no protocol but one is asked for.
    """
    settings = dict(content['metric'], out_file=out_file)
    settings['type'] = f'fnac_mm.{settings["type"]}'
    if 'protocol' in content:
        settings['protocol'] = protocol or Protocol(**content['protocol'])
    elif protocol is not None:
        raise ValueError(f'{content["metric"]["type"]} has no protocol')
    first = content['results'][0]
    if 'ciou' in first:
        settings.setdefault('adaptive', 'audio_visual_adaptive'
                            in first['ciou'])
    metric = METRICS.build(settings)
    dataset = dict(content['dataset'])
    metric.dataset_meta = dict(
        dataset,
        dataset_name=dataset.pop('name'),
        n_listed=content['n_listed'],
        n_found=content['n'],
        # Of the run that made the maps, also if that is not known.
        provenance=content.get('provenance', {}))
    if 'protocol' not in content:
        metric.restore(content['results'])
        return metric
    samples = [to_sample(row) for row in content['results']]
    # Only maps of one size can be scored together.
    for _, group in groupby(samples, lambda s: s['pred_map']['data'].shape):
        metric.process(None, list(group))
    return metric


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
    moved = 0
    if 'ciou' in content['results'][0]:
        rows, allowed = content['results'], 0.
        for old, new in zip(content['results'], metric.results):
            for key in SAMPLE_SCORES:
                if _differs(old[key], new[key], TOLERANCE):
                    raise ValueError(
                        f'{changed}{key} of {old["sample_id"]!r} is '
                        f'{old[key]}, its map and boxes give {new[key]}')
            moved += old['ciou'] != new['ciou']
    stored = content['metrics']
    found = metric.summarize(rows)
    for key in sorted(set(stored) | set(found)):
        old, new = _known(stored, key), _known(found, key)
        if old != new and (old is None or new is None
                           or _differs(old, new, allowed)):
            raise ValueError(f'{changed}{key} is {old}, the samples give '
                             f'{new}')
        moved += old != new
    return moved


def _known(metrics: Dict[str, Optional[float]], key: str) -> Optional[float]:
    """A score, None if there is none or nothing defines it."""
    value = metrics.get(key)
    return None if value is None or value != value else value


def _differs(old: Any, new: Any, allowed: float) -> bool:
    """Whether two scores, or dicts of them, are further apart than allowed."""
    if isinstance(old, dict):
        return old.keys() != new.keys() or any(
            _differs(old[key], new[key], allowed) for key in old)
    return abs(old - new) > allowed
