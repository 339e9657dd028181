"""Write small stand-ins of all test sets, in their published layouts.

Scenes are those of ``make_synthetic.py``; lists, annotations and masks have
the format of the real ones, the grey fringes of JPEG masks included.

.. code-block:: none

    OUT_DIR/
        manifest.json
        vggsound/                VGG-SS and Extended VGG-SS
        flickr/                  Flickr-SoundNet and Extended Flickr-SoundNet
        avsbench/Single-source/  S4 (and a few clips for training)
        avsbench/Multi-sources/  MS3 (likewise)
        is3/                     two samples an image
        vpo/COCO_AV/             VPO-SS
        vpo/COCO_AV_MS/          VPO-MS, one or two samples an image

Every run writes the same bytes.

Example:
    python tools/dataset_converters/make_standins.py data/standins --num 20
"""
import os
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import between
from fnac_mm.utils.command_line import make_parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Make the stand-ins."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('out_dir', type=Path, help='folder to write')
    add('--num',
        type=between(5, 10_000),
        default=20,
        help='samples of each set, about')
    add('--seed', type=between(0, 2**63), default=0, help='of the scenes')
    add('--workers',
        type=between(1, 256),
        default=os.cpu_count() or 1,
        help='processes')
    args = parser.parse_args(argv)
    from fnac_mm.preparation.standins import make_standins
    counts = make_standins(args.out_dir, args.num, args.seed, args.workers)
    for name, count in counts.items():
        print(f'{name}: {count} samples')


if __name__ == '__main__':
    main()
