r"""Write the synthetic audio-visual benchmark in the layout of VGG-SS.

.. code-block:: none

    OUT_DIR/
        manifest.json               seed, counts, generator parameters
        {train,val,test}/audio/<id>.wav     mono, 16 bit
        {train,val,test}/frames/<id>.jpg
        metadata/
            train.txt               one id a line
            {val,test}.csv          id,class
            {val,test}.json         [{"file", "class", "bbox": [xyxy]}]
            train_classes.csv       id,class: the known false negatives,
                                    never used for training
            classes.txt
            scenes_{train,val,test}.jsonl   all that is known of each scene

A stopped run continues where it stood: complete files are kept, and no file
is ever half written.

Example:
    python tools/dataset_converters/make_synthetic.py data/synthetic \
        --num-train 2000 --num-val 200 --num-test 400 --seed 0
"""
import os
from pathlib import Path
from typing import Optional, Sequence

from fnac_mm.preparation.arguments import between
from fnac_mm.utils.command_line import make_parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Make or complete the benchmark."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('out_dir', type=Path, help='folder to write')
    for name, default in (('train', 2000), ('val', 200), ('test', 400)):
        add(f'--num-{name}',
            type=between(0, 999999),
            default=default,
            help=f'scenes of {name}; default: {default}')
    add('--seed',
        type=between(0, 2**63),
        default=0,
        help='seed of the benchmark')
    add('--workers',
        type=between(1, 256),
        default=os.cpu_count() or 1,
        help='processes')
    for name, pixels in (('height', 128), ('width', 144)):
        add(f'--{name}',
            type=between(64, 2048),
            default=pixels,
            help=f'of a frame, in pixels; default: {pixels}')
    add('--duration',
        type=between(0.5, 60, float),
        default=1.5,
        help='seconds of each clip')
    add('--distractor-rate',
        type=between(0, 1, float),
        default=0.5,
        help='share of frames with a silent object')
    add('--overwrite',
        action='store_true',
        help='delete a benchmark of other parameters in OUT_DIR')
    args = parser.parse_args(argv)
    from fnac_mm.preparation.synthetic import build_manifest, make_benchmark
    manifest = build_manifest(
        args.seed,
        dict(train=args.num_train, val=args.num_val, test=args.num_test),
        dict(
            height=args.height,
            width=args.width,
            duration=args.duration,
            distractor_rate=args.distractor_rate))
    print(make_benchmark(args.out_dir, manifest, args.workers, args.overwrite))


if __name__ == '__main__':
    main()
