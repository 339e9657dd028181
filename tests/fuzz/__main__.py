"""Fuzz the parsers at length.

Example:
    python -m tests.fuzz --count 10000 --out work_dirs/fuzz 'result file'
"""
import argparse
import sys
import time
from pathlib import Path

from tests.conftest import ROOT
from .harness import fuzz
from .targets import all_targets


def main() -> None:
    """Fuzz each parser, print a line of it; exit code 1 with findings."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = parser.add_argument
    add('parsers', nargs='*', help='names, or parts of them; default: all')
    add('--count', type=int, default=10_000, help='files for each parser')
    add('--seed', type=int, default=0, help='of the damage')
    add('--out', type=Path, default=Path('work_dirs/fuzz'), help='findings')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    shared = ROOT.parent / 'shared'
    found = 0
    for target in all_targets(args.out, shared if shared.is_dir() else None):
        if args.parsers and not any(p in target.name for p in args.parsers):
            continue
        begin = time.monotonic()
        report = fuzz(target, args.count,
                      args.out / target.name.replace(' ', '_'), args.seed)
        print(
            f'{target.name}: {report.accepted} accepted, {report.refused} '
            f'refused, {len(report.findings)} findings, '
            f'{time.monotonic() - begin:.0f} s',
            flush=True)
        for finding in report.findings[:10]:
            print(f'  {finding["number"]}: {finding["wrong"][:300]}')
        found += len(report.findings)
    sys.exit(found > 0)


if __name__ == '__main__':
    main()
