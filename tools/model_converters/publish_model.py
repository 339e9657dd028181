"""Make a checkpoint small and self-contained, for others to infer with.

    python tools/model_converters/publish_model.py SRC DST [--half]

Writes <DST>-<first 8 digits of its SHA-256>.pth: the weights, what the config
says of network and test pipeline, and what is known of the model. Optimiser,
history and paths of the training are left out.
"""
import argparse
import os
import sys

from fnac_mm.utils.command_line import make_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('src', help='checkpoint')
    parser.add_argument('dst', help='name of the new one, without the digest')
    parser.add_argument(
        '--half', action='store_true', help='round weights to float16')
    parser.add_argument(
        '--config',
        metavar='F',
        help='config, for a checkpoint that carries none')
    parser.add_argument(
        '--metrics', metavar='JSON', help='scores to keep, of tools/test.py')
    confidence = parser.add_mutually_exclusive_group()
    confidence.add_argument(
        '--min-confidence',
        type=float,
        metavar='COS',
        help='no source is placed where no cosine exceeds this one')
    confidence.add_argument(
        '--threshold-from',
        metavar='JSON',
        help='the same, as calibrated by a test with NegativeAudioMetric')
    return parser.parse_args()


def main() -> None:
    """Publish, print size and digest; bad input ends with a message."""
    args = parse_args()
    for path in (args.src, args.config, args.metrics, args.threshold_from):
        if path is not None and not os.path.isfile(path):
            sys.exit(f'error: {path}: no such file')
    from fnac_mm.apis import read_min_confidence
    from fnac_mm.apis.publish import publish, read_metrics
    from fnac_mm.utils.files import file_digest
    try:
        limit = args.min_confidence
        if args.threshold_from:
            limit = read_min_confidence(args.threshold_from)
        metrics = read_metrics(args.metrics) if args.metrics else None
        path = publish(args.src, args.dst, args.half, args.config, metrics,
                       limit)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{path}: {path.stat().st_size:,} bytes')
    print(f'SHA-256 {file_digest(path)}')


if __name__ == '__main__':
    main()
