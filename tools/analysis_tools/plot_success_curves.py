r"""Draw the success curves of several files of results in one plot.

    python tools/analysis_tools/plot_success_curves.py A.json B.json \
        --names FNAC EZ-VSL --out curves.png
"""
import argparse
import sys
from pathlib import Path
from typing import Dict, Optional, Sequence

from fnac_mm.evaluation import check_same_test, read_results
from fnac_mm.evaluation.report import ADAPTIVE, MAPS
from fnac_mm.visualization import plot_success_curves


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'results', nargs='+', help='json written by tools/test.py --out')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--names', nargs='+', help='one per file (default: its stem)')
    parser.add_argument(
        '--kind',
        choices=MAPS + ADAPTIVE,
        default='audio_visual',
        help='kind of map (default: audio_visual)')
    return parser.parse_args(argv)


def name_files(paths: Sequence[str],
               names: Optional[Sequence[str]]) -> Dict[str, str]:
    """Files by the names to print.

    Args:
        paths (Sequence[str]): Files.
        names (Sequence[str], optional): One each; None: stems if they
            differ, else paths.

    Returns:
        dict[str, str]: Path by name.

    Raises:
        ValueError: If there are not as many different names as files.
    """
    if names is None:
        stems = [Path(path).stem for path in paths]
        names = stems if len(set(stems)) == len(stems) else paths
    if len(set(names)) != len(paths) or len(names) != len(paths):
        raise ValueError(f'{len(paths)} files need as many names, all '
                         f'different; got {", ".join(names)}')
    return dict(zip(names, paths))


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Read and draw."""
    args = parse_args(argv)
    try:
        files = name_files(args.results, args.names)
        results = {name: read_results(path) for name, path in files.items()}
        check_same_test(results)
        plot_success_curves(results, args.out, args.kind)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: success curves of {len(files)} file(s)')


if __name__ == '__main__':
    main()
