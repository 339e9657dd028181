r"""Draw losses, learning rate and scores of trainings, or their health.

    python tools/analysis_tools/analyze_logs.py work_dirs/x --out a.png
    python tools/analysis_tools/analyze_logs.py work_dirs/x work_dirs/y \
        --names FNAC without --metric auc --out b.png
    python tools/analysis_tools/analyze_logs.py WORK_DIR --health --out a.png
"""
import argparse
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.utils.command_line import (make_parser, name_each, plain_errors,
                                        require_paths)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument(
        'work_dirs', nargs='+', help='work dirs of tools/train.py')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--names', nargs='+', help='one per run (default: its folder)')
    parser.add_argument(
        '--metric',
        default='ciou@0.5',
        help='score after the kind of map, such as auc or miou (default: '
        'ciou@0.5)')
    parser.add_argument(
        '--health',
        action='store_true',
        help='draw the figures of docs/health.md instead, of the first run')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Find the logs and draw them."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'work_dirs')
        from fnac_mm.visualization import (plot_health_curves,
                                           plot_training_curves)
        from fnac_mm.visualization.curves import find_logs
        single = len(args.work_dirs) == 1 and args.names is None
        names = [''] if single else name_each(
            args.work_dirs, args.names,
            [Path(path).name for path in args.work_dirs])
        runs = dict(zip(names, map(find_logs, args.work_dirs)))
        if args.health:
            plot_health_curves(next(iter(runs.values())), args.out)
        else:
            plot_training_curves(runs, args.out, args.metric)
        what = 'health' if args.health else f'losses, lr and {args.metric}'
        print(f'{args.out}: {what} of {len(runs)} run(s), '
              f'{sum(map(len, runs.values()))} start(s)')


if __name__ == '__main__':
    main()
