r"""Draw how heat maps changed over the epochs: a row per sample.

    python tools/train.py CONFIG --work-dir work_dirs/x --cfg-options \
        default_hooks.visualization.enable=True
    python tools/analysis_tools/film_strip.py work_dirs/x --out strip.png

Left the frame with its true source, then the maps of the validations. The raw
maps are stored, so colours, kind of map and samples can be chosen afterwards.
"""
import argparse
from typing import Optional, Sequence

from fnac_mm.utils.command_line import parse_dashed
from fnac_mm.utils.tool_arguments import (errors_as_messages, make_parser,
                                          refuse_missing)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('work_dir', help='work dir of tools/train.py')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--gif', metavar='FILE', help='the same as an animation over epochs')
    parser.add_argument(
        '--ids', nargs='+', help='samples, in this order (default: all)')
    parser.add_argument(
        '--columns',
        type=int,
        default=8,
        help='at most so many epochs, evenly spread, with the first and the '
        'last (default: 8)')
    parser.add_argument(
        '--kind',
        default='audio_visual',
        help='kind of map: audio_visual (default), object or fused')
    parser.add_argument(
        '--colormap', default='inferno', help='of OpenCV (default: inferno)')
    parser.add_argument(
        '--cell', type=int, default=160, help='pixels of a cell')
    args = parse_dashed(parser, argv)
    if args.columns < 1 or args.cell < 32:
        parser.error('--columns must be at least 1 and --cell at least 32')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Read, choose, draw, write."""
    args = parse_args(argv)
    refuse_missing(args.work_dir)
    from fnac_mm.evaluation import read_history
    from fnac_mm.evaluation.sample_row import row_to_sample
    from fnac_mm.visualization import write_image
    from fnac_mm.visualization.film_strip import (draw_film_strip, spread,
                                                  write_gif)
    with errors_as_messages():
        history = spread(read_history(args.work_dir), args.columns)
        sheet, parts = draw_film_strip(history, row_to_sample, args.ids,
                                       args.kind, args.colormap, args.cell)
        write_image(args.out, sheet)
        if args.gif:
            write_gif(args.gif, parts)
    samples = len(args.ids or history[-1]['results'])
    print(f'{args.out}: {samples} samples, epochs '
          f'{", ".join(str(part["epoch"]) for part in history)}; green: true '
          'source, white: prediction')


if __name__ == '__main__':
    main()
