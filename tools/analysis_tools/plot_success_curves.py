r"""Draw the success curves of several files of results in one plot.

    python tools/analysis_tools/plot_success_curves.py A.json B.json \
        --names FNAC EZ-VSL --out curves.png
"""
import argparse
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.utils.command_line import (add_import, import_modules,
                                        make_parser, name_each, plain_errors,
                                        require_paths)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument(
        'results', nargs='+', help='json written by tools/test.py --out')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--names', nargs='+', help='one per file (default: its stem)')
    parser.add_argument(
        '--kind',
        default='audio_visual',
        help='kind of map, such as fused or audio_visual_adaptive (default: '
        'audio_visual)')
    add_import(parser)
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Read and draw."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'results')
        from fnac_mm.evaluation import check_same_test, read_results
        from fnac_mm.visualization import plot_success_curves
        names = name_each(args.results, args.names,
                          [Path(path).stem for path in args.results])
        import_modules(args.modules)
        results = dict(zip(names, map(read_results, args.results)))
        check_same_test(results)
        plot_success_curves(results, args.out, args.kind)
        print(f'{args.out}: success curves of {len(results)} file(s)')


if __name__ == '__main__':
    main()
