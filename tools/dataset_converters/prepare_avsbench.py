r"""Prepare AVSBench S4 or MS3: check the published tree, make what it lacks.

.. code-block:: none

    SOURCE/ (Single-source)                 OUT_DIR/
        s4_meta_data.csv                        the same tree, without
        s4_data/                                raw_videos; also
            visual_frames/ ...                  manifest.jsonl
            audio_wav/ ...                      preparation.json
            gt_masks/ ...
            raw_videos/<split>/<category>/<name>.mp4

``AVSBenchS4`` and ``AVSBenchMS3`` read the published tree as it is; this tool
checks that every listed file can be read, links it, and makes frames and
sounds that are not there from ``raw_videos``: frame n is the one shown at
n - 1/16 s, squashed to 224 x 224, as published. Masks can't be made.

Example:
    python tools/dataset_converters/prepare_avsbench.py \
        downloads/Single-source data/avsbench/Single-source --subset s4
"""
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import add_link, check_files, make_parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Prepare what is missing."""
    parser = make_parser(__doc__)
    parser.add_argument(
        '--subset', choices=('s4', 'ms3'), required=True, help='which part')
    add_link(parser)
    args = parser.parse_args(argv)
    check_files(args)
    from fnac_mm.preparation.avsbench import prepare_avsbench
    prepare_avsbench(args)


if __name__ == '__main__':
    main()
