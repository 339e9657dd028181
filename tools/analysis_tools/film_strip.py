r"""Draw how heat maps changed over the epochs: a row per sample.

    python tools/train.py CONFIG --work-dir work_dirs/x --cfg-options \
        default_hooks.visualization.enable=True
    python tools/analysis_tools/film_strip.py work_dirs/x --out strip.png

A column per validation, from the pictures that the training has drawn.
"""
import argparse
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.utils.command_line import (make_parser, parse_dashed,
                                        plain_errors, require_paths)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('work_dir', help='work dir of tools/train.py')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--gif', metavar='FILE', help='the same as an animation over epochs')
    parser.add_argument(
        '--ids',
        nargs='+',
        default=[],
        help='samples, in this order (default: all)')
    parser.add_argument(
        '--columns',
        type=int,
        default=8,
        help='at most so many epochs, evenly spread, with the first and the '
        'last (default: 8)')
    parser.add_argument(
        '--cell', type=int, default=224, help='pixels of a cell')
    args = parse_dashed(parser, argv)
    if args.columns < 1 or args.cell < 32:
        parser.error('--columns must be at least 1 and --cell at least 32')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Find, choose, put side by side, write."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'work_dir')
        from fnac_mm.visualization import write_image
        from fnac_mm.visualization.film_strip import (draw_film_strip,
                                                      find_pictures, write_gif)
        history = find_pictures(args.work_dir, args.columns)
        sheet, parts = draw_film_strip(history, args.ids, args.cell,
                                       Path(args.work_dir).name)
        write_image(args.out, sheet)
        if args.gif:
            write_gif(args.gif, parts)
        print(
            f'{args.out}: epochs {", ".join(map(str, history))}; green: true '
            'source, white: prediction')


if __name__ == '__main__':
    main()
