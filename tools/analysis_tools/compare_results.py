"""Is one model better than the other? Paired tests on two files of results.

    python tools/analysis_tools/compare_results.py A.json B.json

Both are what ``tools/test.py --out`` wrote, of the same metric and samples
under the same protocol; all else is refused with exit status 1. For each kind
of map and score: the two values, B - A with its bootstrap 95 % interval, and
the two-sided p of a permutation test; where single samples are right or wrong
also McNemar's exact test. Samples of a group change places together.
The table goes to stderr, json to stdout.
"""
import argparse
import json
import sys
from typing import Optional, Sequence

from fnac_mm.utils.command_line import (add_import, import_modules,
                                        make_parser, plain_errors,
                                        require_paths)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('first', help='json written by tools/test.py --out')
    parser.add_argument('second', help='the same, of the other model')
    add_import(parser)
    parser.add_argument('--seed', type=int, default=0, help='of the draws')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Read, test, print."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'first', 'second')
        from fnac_mm.evaluation import compare, list_differences, read_results
        from fnac_mm.evaluation.comparison import (count_units,
                                                   format_comparison)
        import_modules(args.modules)
        first, second = (read_results(p) for p in (args.first, args.second))
        found = compare(first, second, args.seed)
        n_units = count_units(first['results'])
        head = dict(
            n=first['n'],
            n_units=n_units,
            metric=first['metric']['type'],
            protocol=first.get('protocol', {}).get('name'))
        for line in list_differences(dict(A=first, B=second)):
            print(line, file=sys.stderr)
        print(
            f'{first["dataset"]["name"]}: n = {first["n"]:,} in {n_units:,} '
            f'units, {head["metric"]}, protocol {head["protocol"]}\n'
            f'A: {args.first}\nB: {args.second}\n{format_comparison(found)}',
            file=sys.stderr)
        print(json.dumps(dict(head, scores=found), indent=2))


if __name__ == '__main__':
    main()
