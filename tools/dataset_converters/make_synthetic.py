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
import argparse
import os
from pathlib import Path
from typing import Optional, Sequence

RANGES = dict(
    num_train=(0, 999999),
    num_val=(0, 999999),
    num_test=(0, 999999),
    seed=(0, 2**63),
    workers=(1, 256),
    height=(64, 2048),
    width=(64, 2048),
    duration=(0.5, 60),
    distractor_rate=(0, 1))


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read and check the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('out_dir', type=Path, help='folder to write')
    add('--num-train', type=int, default=2000, help='training scenes')
    add('--num-val', type=int, default=200, help='validation scenes')
    add('--num-test', type=int, default=400, help='test scenes')
    add('--seed', type=int, default=0, help='seed of the benchmark')
    add('--workers', type=int, default=os.cpu_count() or 1, help='processes')
    add('--height', type=int, default=128, help='frame height in pixels')
    add('--width', type=int, default=144, help='frame width in pixels')
    add('--duration', type=float, default=1.5, help='seconds of each clip')
    add('--distractor-rate',
        type=float,
        default=0.5,
        help='share of frames with a silent object')
    add('--overwrite',
        action='store_true',
        help='delete a benchmark of other parameters in OUT_DIR')
    args = parser.parse_args(argv)
    for name, (low, high) in RANGES.items():
        if not low <= getattr(args, name) <= high:
            parser.error(f'--{name.replace("_", "-")} must be in [{low}, '
                         f'{high}], but got {getattr(args, name)}')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Make or complete the benchmark."""
    args = parse_args(argv)
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
