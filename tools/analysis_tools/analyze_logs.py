"""Draw loss and cIoU over the epochs of a training.

    python tools/analysis_tools/analyze_logs.py work_dirs/x --out a.png
"""
import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from fnac_mm.visualization import plot_training_curves


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', help='work dir of tools/train.py')
    parser.add_argument('--out', required=True, help='picture to write')
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


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Find the logs and draw them."""
    args = parse_args(argv)
    try:
        logs = find_logs(args.work_dir)
        plot_training_curves(logs, args.out)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: loss and cIoU of {len(logs)} start(s)')


if __name__ == '__main__':
    main()
