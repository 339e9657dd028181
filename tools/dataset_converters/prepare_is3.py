r"""Prepare IS3: check the release and lay it out as its data set reads it.

.. code-block:: none

    SOURCE/                                 OUT_DIR/
        images/<id>.jpg                         visual_frames/<id>.jpg
        audio_wav/<id>.wav                      audio_wav/<id>.wav
        gt_segmentation/<id>.jpg                gt_masks/<id>.jpg
        IS3_annotation.json                     <the list>
                                                manifest.jsonl
                                                preparation.json

``visual_frames`` and ``gt_masks`` are found as well. Files are checked and
linked; sounds in another format than wav are decoded. The data set ``IS3``
needs the list of SSL-Alignment, ``synthetic3240_bbox.json``: give it.

Example:
    python tools/dataset_converters/prepare_is3.py downloads/IS3 data/is3 \
        --list synthetic3240_bbox.json
"""
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import make_parser, parse


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser(__doc__, '--link')
    parser.add_argument(
        '--list',
        type=Path,
        help='IS3_annotation.json or a list of SSL-Alignment; default: every '
        'sample in the folder')
    args = parse(parser, argv)
    from fnac_mm.preparation.is3 import prepare_is3
    prepare_is3(args)


if __name__ == '__main__':
    main()
