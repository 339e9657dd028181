r"""Draw losses, learning rate and scores of trainings, or their health.

    python tools/analysis_tools/analyze_logs.py work_dirs/x --out a.png
    python tools/analysis_tools/analyze_logs.py work_dirs/x work_dirs/y \
        --names FNAC without --metric auc --out b.png
    python tools/analysis_tools/analyze_logs.py WORK_DIR --health --out a.png
"""
import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from fnac_mm.visualization import plot_health_curves, plot_training_curves


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
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


def find_logs(work_dir: str) -> List[Path]:
    """Logs of a training, also of one that was resumed, in their order.

    Args:
        work_dir (str): Folder with a sub-folder per start.

    Returns:
        list[Path]: ``scalars.json`` of each start that logged something.

    Raises:
        FileNotFoundError: If there is none.
    """
    logs = sorted(Path(work_dir).glob('2*/vis_data/scalars.json'))
    logs = [log for log in logs if log.stat().st_size]
    if not logs:
        raise FileNotFoundError(
            f'{work_dir}: no */vis_data/scalars.json; is this the work dir '
            'of a training with LocalVisBackend?')
    return logs


def name_runs(work_dirs: Sequence[str],
              names: Optional[Sequence[str]]) -> Dict[str, List[Path]]:
    """Logs of each run, by the name to print.

    Args:
        work_dirs (Sequence[str]): Folders.
        names (Sequence[str], optional): One each; None: a single run has
            none, several are called as their folders.

    Returns:
        dict[str, list[Path]]: See :func:`find_logs`.

    Raises:
        FileNotFoundError: If a folder has no logs.
        ValueError: If there are not as many different names as folders.
    """
    if names is None:
        names = [Path(path).name for path in work_dirs]
        if len(set(names)) < len(names):
            names = list(work_dirs)
        if len(work_dirs) == 1:
            names = ['']
    if len(set(names)) != len(work_dirs) or len(names) != len(work_dirs):
        raise ValueError(f'{len(work_dirs)} runs need as many names, all '
                         f'different; got {", ".join(names)}')
    return {name: find_logs(path) for name, path in zip(names, work_dirs)}


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Find the logs and draw them."""
    args = parse_args(argv)
    try:
        runs = name_runs(args.work_dirs, args.names)
        if args.health:
            plot_health_curves(next(iter(runs.values())), args.out)
        else:
            plot_training_curves(runs, args.out, args.metric)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    what = 'health' if args.health else f'losses, lr and {args.metric}'
    print(f'{args.out}: {what} of {len(runs)} run(s), '
          f'{sum(map(len, runs.values()))} start(s)')


if __name__ == '__main__':
    main()
