r"""Draw samples of a result file on one sheet: heat map, region, true source.

    python tools/analysis_tools/visualize_results.py results.json --out a.png \
        --order worst --kind audio_visual fused

Drawn and scored by the protocol of the file. The score below a map is its
cIoU; of a segmentation its IoU; of negative audio, where a single score says
little, the peak of the map.
"""
import argparse
from typing import Optional, Sequence

from fnac_mm.utils.command_line import (add_import, import_modules,
                                        make_parser, plain_errors,
                                        require_paths)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('results', help='json written by tools/test.py --out')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--num', type=int, default=24, help='samples (default: 24)')
    parser.add_argument('--columns', type=int, default=8)
    parser.add_argument(
        '--order',
        '--pick',
        choices=('random', 'best', 'worst'),
        default='random',
        help='by the score of the first kind of map, or at random (default)')
    parser.add_argument('--seed', type=int, default=0, help='of the choice')
    parser.add_argument(
        '--kind',
        nargs='+',
        default=['audio_visual'],
        help='kinds of map, side by side: audio_visual (default), object, '
        'fused')
    add_import(parser)
    args = parser.parse_args(argv)
    if min(args.num, args.columns) < 1 or args.seed < 0:
        parser.error('--num and --columns must be at least 1, --seed at '
                     'least 0')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Choose, draw, write."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'results')
        from fnac_mm.evaluation import read_results, scored_rows
        from fnac_mm.visualization import draw_results, write_image
        import_modules(args.modules)
        content = read_results(args.results)
        sheet = draw_results(content, *scored_rows(content), args.kind,
                             args.order, args.num, args.seed, args.columns)
        write_image(args.out, sheet)
        print(
            f'{args.out}: {min(args.num, content["n"])} of {content["n"]} '
            f'samples ({args.order}), score and class below each; green: true '
            'source, white: prediction')


if __name__ == '__main__':
    main()
