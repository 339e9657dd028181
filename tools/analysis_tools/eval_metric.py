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
from typing import Any, Dict, Optional, Sequence

from mmengine.logging import MMLogger

from fnac_mm.evaluation import (build_protocol, check_unchanged, read_results,
                                score_again)
from fnac_mm.evaluation.rescore import TOLERANCE
from fnac_mm.functional import PROTOCOLS, Protocol


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


def choose_protocol(content: Dict[str, Any],
                    args: argparse.Namespace) -> Optional[Protocol]:
    """Protocol that the command line asks for, None for the file's own."""
    if args.protocol is None and args.alpha is None:
        return None
    if 'protocol' not in content:
        raise ValueError(f'{args.results}: {content["metric"]["type"]} has '
                         'no protocol to change')
    stored = Protocol(**content['protocol'])
    return build_protocol(args.protocol or stored, args.alpha)


def print_intervals(metric: Any) -> Dict[str, Any]:
    """Bootstrap intervals of the scores of maps, also printed to stderr.

    Args:
        metric (SampleMetric): From :func:`score_again`. Samples of a group
            are drawn together.

    Returns:
        dict[str, list[float]]: Low and high in percent, by the score's key;
        None where there is one unit only.
    """
    intervals = metric.find_intervals(metric.results)
    units = {row.get('group', row['sample_id']) for row in metric.results}
    unit = 'groups' if len(units) < len(metric.results) else 'samples'
    print(
        f'bootstrap 95 % intervals over {len(units)} {unit}', file=sys.stderr)
    for key, bounds in intervals.items():
        text = 'unknown' if bounds is None else '{:.2f} to {:.2f}'.format(
            *bounds)
        print(f'{key:<36}{text:>18}', file=sys.stderr)
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
        changed = choose_protocol(content, args)
        moved = check_unchanged(args.results, content, score_again(content))
        metric = score_again(content, changed, args.out)
        intervals = print_intervals(metric) if args.intervals else None
        metrics = metric.evaluate(content['n'])
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    if moved:
        print(
            f'{args.results}: {moved} scores are others here, by less than '
            f'{TOLERANCE}: it was written on another processor',
            file=sys.stderr)
    found: Dict[str, Any] = dict(metrics)
    if 'protocol' in content:
        found = dict(protocol=metric.protocol.name, **metrics)
    if intervals is not None:
        found['intervals'] = intervals
    print(json.dumps(found, indent=2))


if __name__ == '__main__':
    main()
