r"""Prepare a folder of one's own videos.

.. code-block:: none

    SOURCE/**/                  OUT_DIR/
        <any name>.mp4, ...         frames/<id>.jpg
                                    audio/<id>.wav
                                    list.txt        ids of what was made
                                    manifest.jsonl
                                    preparation.json

``<id>`` is the path below SOURCE without suffix, with ``_`` for ``/``. A
stopped run goes on where it stood. More: docs/preparation.md.

Example:
    python tools/dataset_converters/prepare_videos.py films data/films \
        --frame middle --window 10
"""
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import (FRAME_RULES, between, make_parser,
                                           parse)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser(__doc__, frame='middle')
    parser.add_argument(
        '--window',
        type=between(1),
        metavar='SECONDS',
        help='cut videos into clips of so many seconds, less a shorter rest')
    args = parse(parser, argv)
    if args.window and args.frame not in FRAME_RULES and \
            float(args.frame) >= args.window:
        parser.error(f'--frame {args.frame} is outside of a --window of '
                     f'{args.window} s')
    from fnac_mm.preparation.videos import prepare_videos
    prepare_videos(args)


if __name__ == '__main__':
    main()
