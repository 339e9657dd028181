"""Fuzz the parsers at length; a run that was stopped goes on.

Example:
    python -m tests.fuzz --count 10000 --out work_dirs/fuzz 'result file'
"""
import argparse
import sys
import time
from pathlib import Path

from tests.conftest import ROOT
from .harness import Target, fuzz
from .progress import Piece, Progress
from .targets import all_targets


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = parser.add_argument
    add('parsers', nargs='*', help='names, or parts of them; default: all')
    add('--count', type=int, default=10_000, help='files for each parser')
    add('--piece', type=int, default=1000, help='files between two notes')
    add('--minutes', type=float, default=1e9, help='then stop')
    add('--seed', type=int, default=0, help='of the damage')
    add('--out',
        type=Path,
        default=Path('work_dirs/fuzz'),
        help='findings and progress, of one state of the code')
    return parser.parse_args()


def fuzz_piece(target: Target, first: int, count: int, out: Path,
               seed: int) -> Piece:
    """Fuzz, print what was found."""
    begin = time.monotonic()
    report = fuzz(
        target,
        count,
        out / target.name.replace(' ', '_') / str(first),
        seed,
        first=first)
    for finding in report.findings[:10]:
        print(f'  {finding["number"]}: {finding["wrong"][:300]}', flush=True)
    return Piece(target.name, seed, first, count, report.accepted,
                 report.refused, len(report.findings),
                 round(time.monotonic() - begin, 1))


def main() -> None:
    """Fuzz each parser, print a table; exit code 1 with findings."""
    args = parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    shared = ROOT.parent / 'shared'
    progress = Progress(args.out / 'progress.jsonl', args.seed)
    end = time.monotonic() + 60 * args.minutes
    for target in all_targets(args.out, shared if shared.is_dir() else None):
        name = target.name
        if args.parsers and not any(part in name for part in args.parsers):
            continue
        while (first :=
               progress.done(name)) < args.count and (time.monotonic() < end):
            count = min(args.piece, args.count - first)
            progress.add(fuzz_piece(target, first, count, args.out, args.seed))
        print(f'{progress.total(name)}', flush=True)
    print(progress.table())
    sys.exit(any(progress.total(name).findings for name in progress.pieces))


if __name__ == '__main__':
    main()
