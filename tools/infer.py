"""Find where in a picture a sound comes from.

    python tools/infer.py CHECKPOINT --image F --audio F --out-dir D
    python tools/infer.py CONFIG CHECKPOINT --video F --out-dir D

Writes <name>.npy, the heat map at the size of the picture (float32), and
<name>.png, the picture with the map over it.
"""
import argparse
import sys
from typing import Any, Dict

from fnac_mm.apis import LocalizationInferencer
from fnac_mm.functional import PROTOCOLS


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'model', help='checkpoint of a training, or its config')
    parser.add_argument(
        'checkpoint', nargs='?', help='checkpoint, after a config')
    parser.add_argument('--image', metavar='F', help='picture')
    parser.add_argument('--audio', metavar='F', help='recording, or a video')
    parser.add_argument(
        '--video',
        metavar='F',
        help='instead of both: a frame of it and the sound around')
    parser.add_argument(
        '--time',
        type=float,
        metavar='S',
        help='second to look and listen at (default: the middle)')
    parser.add_argument(
        '--out-dir', metavar='D', required=True, help='folder for the results')
    parser.add_argument('--device', help='cpu, cuda, ... (default: a GPU)')
    parser.add_argument(
        '--protocol',
        choices=sorted(PROTOCOLS),
        default='fnac_test',
        help='how the map is enlarged (default: fnac_test)')
    args = parser.parse_args()
    if (args.video is None) == (args.image is None or args.audio is None) \
            or args.video and (args.image or args.audio):
        parser.error('give --image and --audio, or --video')
    return args


def main() -> None:
    """Predict, write, print; bad input ends with a message."""
    args = parse_args()
    try:
        prediction = infer(args)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    x, y = prediction['peak']
    print(f'peak: x={x:.3f} y={y:.3f} (fractions of the picture), cosine '
          f'{prediction["confidence"]:.3f}')
    for path in prediction['files'].values():
        print(path)


def infer(args: argparse.Namespace) -> Dict[str, Any]:
    """Predict and write.

    Args:
        args (Namespace): Command line.

    Returns:
        dict: Prediction of the inferencer.
    """
    inferencer = LocalizationInferencer(
        args.model, args.checkpoint, args.device, show_progress=False)
    inputs = dict(
        image=args.image, audio=args.audio, video=args.video, time=args.time)
    prediction, = inferencer(
        inputs, protocol=args.protocol, out_dir=args.out_dir)['predictions']
    return prediction


if __name__ == '__main__':
    main()
