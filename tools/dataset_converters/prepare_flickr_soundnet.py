r"""Prepare Flickr-SoundNet from its mp3 files and folders of frames.

.. code-block:: none

    SOURCE/**/                                  OUT_DIR/
        <a>/<b>/<c>/<id>.mp4.mp3                    audio/<id>.wav
        <a>/<b>/<c>/<id>.mp4/00000003.jpg, ...      frames/<id>.jpg
                                                    manifest.jsonl
                                                    preparation.json

Frames and sounds may be in one tree or in two, below any digit folders. Which
frame is taken is not standardised. A stopped run goes on where it stood. More:
docs/preparation.md.

Example:
    python tools/dataset_converters/prepare_flickr_soundnet.py soundnet \
        data/flickr --frame random --seed 0 --list flickr_144k.txt
"""
import argparse
from typing import Optional, Sequence, Tuple

from fnac_mm.preparation.arguments import make_parser, parse


def frame_rule(text: str) -> Tuple[str, Tuple[int, ...]]:
    """Argument of ``--frame``: a name, or numbers in order of preference."""
    if text in ('random', 'first', 'middle', 'last'):
        return text, ()
    numbers = text.split(',')
    if not all(number.strip().isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(
            'expected random, first, middle, last or numbers of frames as '
            f'8,13,3,18, got {text!r}')
    return 'numbers', tuple(map(int, numbers))


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser(__doc__, '--seed', '--list')
    parser.add_argument(
        '--frame',
        type=frame_rule,
        default='random',
        metavar='RULE',
        help='random (by --seed and the id; default), first, middle, last, '
        'or numbers in order of preference, as 8,13,3,18')
    args = parse(parser, argv)
    from fnac_mm.preparation.flickr_soundnet import prepare_flickr_soundnet
    prepare_flickr_soundnet(args)


if __name__ == '__main__':
    main()
