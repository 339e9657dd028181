"""Score a file of results again, under the same or another protocol.

    python tools/analysis_tools/eval_metric.py results.json --protocol lvs

The file is what ``tools/test.py --out`` wrote. Its raw maps and boxes go
through the registered metric. Under the file's own protocol the scores must
come out as stored; a file that was changed is refused with exit status 1.
Tables go to stderr, json to stdout.
"""
import argparse
import json
import logging
import sys
from itertools import groupby
from typing import Any, Dict, List, Optional, Sequence

import torch
from mmengine.logging import MMLogger

from fnac_mm.evaluation import LocalizationMetric, build_protocol, read_results
from fnac_mm.evaluation.report import ADAPTIVE, MAPS, SCORES
from fnac_mm.evaluation.sample_rows import META_KEYS, decode_mask
from fnac_mm.functional import PROTOCOLS, Protocol, summarize_intervals
from fnac_mm.registry import METRICS

# Of a cIoU: a few pixels of 50,176.
TOLERANCE = 1e-3
ROW_SCORES = ('ciou', 'n_boxes', 'target_area', 'empty_target')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('results', help='json written by tools/test.py --out')
    parser.add_argument(
        '--protocol',
        choices=sorted(PROTOCOLS),
        help='protocol to use (default: that of the file)')
    parser.add_argument(
        '--alpha',
        type=float,
        help='weight of the audio-visual map in the fusion')
    parser.add_argument(
        '--intervals',
        action='store_true',
        help='add bootstrap 95 %% intervals over samples, or over groups '
        'where the data set has them')
    parser.add_argument(
        '--out', metavar='FILE', help='write the new results there')
    return parser.parse_args(argv)


def to_sample(row: Dict[str, Any]) -> Dict[str, Any]:
    """Data sample, as the evaluator hands it to the metric, of a row."""
    sample = dict(
        **{key: row[key]
           for key in ('sample_id', *META_KEYS) if key in row},
        pred_map=dict(data=torch.tensor([row['map']])))
    if 'mask' in row:
        mask = torch.from_numpy(decode_mask(row['mask']))
        sample['gt_mask'] = dict(data=mask[None])
    else:
        sample['gt_instances'] = dict(boxes=row['boxes'])
    if 'object_map' in row:
        sample['pred_object_map'] = dict(
            data=torch.tensor([row['object_map']]))
    return sample


def score_rows(content: Dict[str, Any],
               protocol: Protocol,
               out_file: Optional[str] = None) -> LocalizationMetric:
    """The registered metric, with all samples of a file processed.

    Args:
        content (dict): Of the file.
        protocol (Protocol): Protocol to use.
        out_file (str, optional): Where the metric writes new results.

    Returns:
        LocalizationMetric: Its ``results`` are in the order of the file.
    """
    rule = content['dataset']
    metric = METRICS.build(
        dict(
            type='fnac_mm.LocalizationMetric',
            protocol=protocol,
            adaptive=ADAPTIVE[0] in content['results'][0]['ciou'],
            out_file=out_file))
    metric.dataset_meta = dict(
        dataset_name=rule['name'],
        combine=rule['combine'],
        consensus=rule['consensus'],
        n_listed=content['n_listed'],
        group_key=rule.get('group_key'))
    samples = [to_sample(row) for row in content['results']]
    # Only maps of one size can be scored together.
    for _, group in groupby(samples, lambda s: s['pred_map']['data'].shape):
        metric.process(None, list(group))
    return metric


def check_unchanged(path: str, content: Dict[str, Any],
                    metric: LocalizationMetric) -> None:
    """Refuse a file whose scores its own maps and boxes contradict.

    Its aggregates must be those of its samples, to the last bit. Another
    processor may resize a map with another last bit, which moves a sample's
    cIoU by a pixel or two: that much is accepted, and said.

    Args:
        path (str): For the message.
        content (dict): Of the file.
        metric (LocalizationMetric): From :func:`score_rows`.

    Raises:
        ValueError: If a score differs; names the first.
    """
    changed = f'{path} was changed after the evaluation: '
    moved = 0
    for old, new in zip(content['results'], metric.results):
        for key in ROW_SCORES:
            if _differs(old[key], new[key]):
                raise ValueError(f'{changed}{key} of {old["sample_id"]!r} is '
                                 f'{old[key]}, its map and boxes give '
                                 f'{new[key]}')
        moved += old['ciou'] != new['ciou']
    stored = content['metrics']
    found = metric.summarize(content['results'])
    for key in sorted(set(stored) | set(found)):
        if stored.get(key) != found.get(key):
            raise ValueError(f'{changed}{key} is {stored.get(key)}, the '
                             f'samples give {found.get(key)}')
    if moved:
        print(
            f'{path}: the maps of {moved} samples give another cIoU here, '
            f'by less than {TOLERANCE}: it was written on another processor',
            file=sys.stderr)


def _differs(old: Any, new: Any) -> bool:
    """Whether two scores, or dicts of them, are further apart than allowed."""
    if isinstance(old, dict):
        return old.keys() != new.keys() or any(
            _differs(old[key], new[key]) for key in old)
    return abs(old - new) > TOLERANCE


def list_intervals(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Bootstrap intervals of the scores of maps; also printed to stderr.

    Args:
        rows (list[dict]): Of the metric. If they have groups, these are
            drawn whole.

    Returns:
        dict[str, list[float]]: Low and high in percent, by the score's key;
        None where there is one unit only, which says nothing of its spread.
    """
    groups = [row.get('group', row['sample_id']) for row in rows]
    unit = 'groups' if len(set(groups)) < len(groups) else 'samples'
    print(
        f'bootstrap 95 % intervals over {len(set(groups))} {unit}',
        file=sys.stderr)
    intervals: Dict[str, Any] = {}
    for kind in (k for k in MAPS + ADAPTIVE if k in rows[0]['ciou']):
        found = summarize_intervals([row['ciou'][kind] for row in rows],
                                    groups)
        for score in SCORES:
            low, high = found[score]
            known = low == low
            intervals[f'{kind}/{score}'] = [low, high] if known else None
            text = f'{low:.2f} to {high:.2f}' if known else 'unknown'
            print(f'{kind + "/" + score:<32}{text:>18}', file=sys.stderr)
    return intervals


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Score, compare, print."""
    args = parse_args(argv)
    # The metric logs its table to stdout, which is for the json here.
    for handler in MMLogger.get_current_instance().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = sys.stderr
    try:
        content = read_results(args.results)
        stored = Protocol(**content['protocol'])
        protocol = build_protocol(args.protocol or stored, args.alpha)
        check_unchanged(args.results, content, score_rows(content, stored))
        metric = score_rows(content, protocol, args.out)
        # Evaluation empties the metric.
        rows = list(metric.results)
        metrics = metric.evaluate(content['n'])
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    content = dict(protocol=protocol.name, **metrics)
    if args.intervals:
        content['intervals'] = list_intervals(rows)
    print(json.dumps(content, indent=2))


if __name__ == '__main__':
    main()
