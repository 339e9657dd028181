"""Fuzz the parsers at length.

Example:
    python -m tests.fuzz --count 10000 --out work_dirs/fuzz 'result file'
"""
import argparse
import sys
import time
from pathlib import Path

from .harness import fuzz
from .parsers import PARSERS


def main() -> None:
    """Fuzz each parser, print a table; exit code 1 with findings."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = parser.add_argument
    add('parsers', nargs='*', help='names, or parts of them; default: all')
    add('--count', type=int, default=10_000, help='files for each parser')
    add('--first',
        type=int,
        default=0,
        help='number of the first file, to go on after a run')
    add('--minutes', type=float, default=1e9, help='then begin no parser')
    add('--seed', type=int, default=0, help='of the damage')
    add('--out', type=Path, default=Path('work_dirs/fuzz'), help='findings')
    args = parser.parse_args()
    end, found = time.monotonic() + 60 * args.minutes, 0
    print('| parser | accepted | refused | findings |\n' + '|---' * 4 + '|')
    for target in PARSERS:
        chosen = not args.parsers or any(p in target.name
                                         for p in args.parsers)
        if not chosen or time.monotonic() > end:
            continue
        folder = args.out / target.name.replace(' ', '_')
        report = fuzz(target, args.count, folder, args.seed, first=args.first)
        found += len(report.findings)
        print(
            f'| {target.name} | {report.accepted:,} | {report.refused:,} | '
            f'{len(report.findings)} |',
            flush=True)
        for finding in report.findings[:10]:
            print(
                f'  {finding["number"]}: {finding["wrong"][:300]}',
                file=sys.stderr)
    sys.exit(found > 0)


if __name__ == '__main__':
    main()
