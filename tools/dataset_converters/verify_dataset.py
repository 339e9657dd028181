r"""Check the media and lists of all data sets of a config.

    python tools/dataset_converters/verify_dataset.py CONFIG \
        --data-root data/vggsound --out report.json --sheet problems.jpg

docs/verify.md explains each check, its threshold and what to do. The exit
status is 0 if nothing was found but what --allow names, 1 if there are
problems, 2 if the command line is wrong, 130 after Ctrl-C (what was found
until then is reported).
"""
import argparse
import json
import os
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import between
from fnac_mm.verification.problems import (ADVICE, count_kinds, print_data_set,
                                           print_problems, problem_rows)

INTERRUPTED = 130


def make_parser() -> argparse.ArgumentParser:
    """Parser of the command line, without the options of a config."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('config', help='config file')
    add('--data-root', help='data_root of every data set in the config')
    add('--cfg-options',
        nargs='+',
        metavar='K=V',
        help='override settings of the config, e.g. randomness.seed=1')
    add('--out', type=Path, metavar='FILE', help='json with every problem')
    add('--sheet',
        type=Path,
        metavar='FILE',
        help='picture of the problem files, eight of each kind at most')
    add('--duplicates',
        action='store_true',
        help='search clips of training that are nearly one of a test, by '
        'perceptual hash and audio fingerprint')
    add('--sample',
        type=between(1),
        metavar='N',
        help='open the files of N clips of each data set only')
    add('--allow',
        nargs='+',
        default=[],
        choices=list(ADVICE),
        metavar='KIND',
        help='kinds of problems that are reported, but do not count for the '
        f'exit status: {", ".join(ADVICE)}')
    add('--workers',
        type=between(1),
        default=os.cpu_count() or 1,
        help='processes (default: one for each core)')
    add('--show',
        type=int,
        default=3,
        metavar='N',
        help='problems of each kind to print (default: 3)')
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Verify and report.

    Returns:
        int: Exit status.
    """
    parser = make_parser()
    args = parser.parse_args(argv)
    for path, there in ((args.config, os.path.isfile), (args.data_root,
                                                        os.path.isdir)):
        if path is not None and not there(path):
            word = 'folder' if path == args.data_root else 'config'
            parser.error(f'{path}: no such {word}')

    from mmengine.config import DictAction

    from fnac_mm.engine.launch import dataset_cfgs, load_config
    from fnac_mm.utils.files import write_atomically
    from fnac_mm.verification.sheet import write_sheet
    from fnac_mm.verification.verify import verify
    words, args.cfg_options = args.cfg_options, None
    DictAction([], 'cfg_options')(parser, args, words)
    try:
        cfg = load_config(
            args.config,
            data_root=args.data_root,
            cfg_options=args.cfg_options)
        report = verify(
            dataset_cfgs(cfg), args.workers, args.sample, args.duplicates)
    except (OSError, ValueError, KeyError, ModuleNotFoundError) as error:
        parser.error(str(error))
    problems = report['problems']
    counts = count_kinds(problems)
    for row in report['data_sets']:
        print_data_set(row)
    print_problems(problems, args.allow, args.show)
    counted = sum(n for kind, n in counts.items() if kind not in args.allow)
    print(f'\n{report["n_files_opened"]:,} of {report["n_files"]:,} files '
          f'opened{" (interrupted)" if report["interrupted"] else ""}; '
          f'{len(problems):,} problems, {len(problems) - counted:,} of them '
          'of allowed kinds')
    if args.out is not None:
        report.update(
            config=args.config,
            data_root=args.data_root,
            allowed=args.allow,
            counts=counts,
            problems=problem_rows(problems))
        write_atomically(args.out, f'{json.dumps(report, indent=1)}\n')
        print(f'report: {args.out}')
    if args.sheet is not None:
        drawn, total = write_sheet(problems, args.sheet)
        print(f'sheet: {args.sheet}, {drawn} of {total:,} problem files'
              if drawn else 'no sheet: no problem has a file to draw')
    if report['interrupted']:
        return INTERRUPTED
    return 1 if counted else 0


if __name__ == '__main__':
    raise SystemExit(main())
