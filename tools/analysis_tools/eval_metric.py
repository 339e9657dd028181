"""Score a file of results again, under the same or another protocol.

    python tools/analysis_tools/eval_metric.py results.json --protocol lvs

The file is what ``tools/test.py --out`` wrote. Its raw maps and boxes go
through the registered metric. Under the file's own protocol the scores must
come out as stored; a file that was changed is refused with exit status 1.
Tables go to stderr, json to stdout.
"""
import argparse
import json
import sys
from typing import Any, Dict, Optional, Sequence

from fnac_mm.utils.command_line import (add_import, import_modules,
                                        make_parser, plain_errors,
                                        require_paths)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('results', help='json written by tools/test.py --out')
    add_import(parser)
    parser.add_argument(
        '--protocol',
        help='protocol to use, see docs/evaluation.md (default: that of the '
        'file)')
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


def print_intervals(metric: Any) -> Dict[str, Any]:
    """Bootstrap intervals of the scores of maps, also printed to stderr."""
    from fnac_mm.evaluation.comparison import count_units
    intervals: Dict[str, Any] = metric.find_intervals(metric.results)
    units = count_units(metric.results)
    unit = 'groups' if units < len(metric.results) else 'samples'
    print(f'bootstrap 95 % intervals over {units} {unit}', file=sys.stderr)
    for key, bounds in intervals.items():
        text = 'unknown' if bounds is None else '{:.2f} to {:.2f}'.format(
            *bounds)
        print(f'{key:<36}{text:>18}', file=sys.stderr)
    return intervals


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Score, compare, print."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'results')
        from fnac_mm.evaluation import (check_unchanged, read_results,
                                        score_again)
        from fnac_mm.evaluation.rescore import (TOLERANCE, change_protocol,
                                                log_to_stderr)
        log_to_stderr()
        import_modules(args.modules)
        content = read_results(args.results)
        changed = change_protocol(content, args.protocol, args.alpha)
        moved = check_unchanged(args.results, content, score_again(content))
        metric = score_again(content, changed, args.out)
        intervals = print_intervals(metric) if args.intervals else None
        metrics = metric.evaluate(content['n'])
        if moved:
            print(
                f'{args.results}: {moved} scores are others here, by less '
                f'than {TOLERANCE}: it was written on another processor',
                file=sys.stderr)
        found: Dict[str, Any] = dict(metrics)
        if 'protocol' in content:
            found = dict(protocol=metric.protocol.name, **metrics)
        if intervals is not None:
            found['intervals'] = intervals
        print(json.dumps(found, indent=2))


if __name__ == '__main__':
    main()
