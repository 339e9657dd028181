r"""Prepare AVSBench S4 or MS3: check the published tree, make what it lacks.

.. code-block:: none

    SOURCE/ (Single-source)                 OUT_DIR/
        s4_meta_data.csv                        the same tree, without
        s4_data/                                raw_videos; also
            visual_frames/ ...                  manifest.jsonl
            audio_wav/ ...                      preparation.json
            gt_masks/ ...
            raw_videos/<split>/<category>/<name>.mp4

Every listed file is read and linked; frames and sounds that are not there are
made from ``raw_videos``, as published. Masks can't be made. More:
docs/preparation.md.

Example:
    python tools/dataset_converters/prepare_avsbench.py \
        downloads/Single-source data/avsbench/Single-source --subset s4
"""
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import make_parser, parse


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser(__doc__, '--link')
    parser.add_argument(
        '--subset', choices=('s4', 'ms3'), required=True, help='which part')
    args = parse(parser, argv)
    from fnac_mm.preparation.avsbench import prepare_avsbench
    prepare_avsbench(args)


if __name__ == '__main__':
    main()
