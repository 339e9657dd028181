r"""Prepare VGG-Sound and VGG-SS from clips as downloaded.

.. code-block:: none

    SOURCE/**/                          OUT_DIR/
        <id>.mp4, .mkv, .webm, ...          frames/<id>.jpg
        <youtube>_<start>.mp4               audio/<id>.wav
        <youtube>_<start>_<end>.mp4         manifest.jsonl  one line a clip
        <youtube>.mp4 (with --csv)          preparation.json
                                            metadata/vggsound_<split>.csv

``<id>`` is the YouTube id, ``_`` and the start second in six digits. The
frame is that at 5.0 s, on which the boxes of VGG-SS were drawn. A stopped run
goes on where it stood.

Example:
    python tools/dataset_converters/prepare_vggsound.py downloads \
        data/vggsound --csv vggsound.csv
"""
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import make_parser, parse


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser(__doc__, '--list', frame='5.0')
    parser.add_argument(
        '--csv', type=Path, help='vggsound.csv; every clip in it is wanted')
    args = parse(parser, argv)
    from fnac_mm.preparation.vggsound import prepare_vggsound
    prepare_vggsound(args)


if __name__ == '__main__':
    main()
