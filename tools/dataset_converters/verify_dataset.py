r"""Check the media and lists of all data sets of a config.

    python tools/dataset_converters/verify_dataset.py CONFIG \
        --data-root data/vggsound --out report.json

docs/verify.md explains each check, its threshold and what to do. The exit
status is 0 if nothing was found but what --allow names, 1 if there are
problems, 2 if the command line is wrong, 130 after Ctrl-C (what was found
until then is reported).
"""
import json
import os
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import between
from fnac_mm.utils.command_line import (INTERRUPTED, add_config_arguments,
                                        make_parser, require_paths)
from fnac_mm.verification.problems import (ADVICE, count_kinds, print_data_set,
                                           print_problems, problem_rows)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Verify and report; returns the exit status."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('config', help='config file')
    add_config_arguments(parser)
    add('--out', type=Path, metavar='FILE', help='json with every problem')
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
    args = parser.parse_args(argv)
    try:
        require_paths(args, 'config', 'data_root')
    except FileNotFoundError as error:
        parser.error(str(error))

    from fnac_mm.engine.launch import dataset_cfgs, load_config
    from fnac_mm.utils.files import write_atomically
    from fnac_mm.verification.verify import verify
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
    return INTERRUPTED if report['interrupted'] else int(counted > 0)


if __name__ == '__main__':
    raise SystemExit(main())
