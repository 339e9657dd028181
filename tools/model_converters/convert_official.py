"""Convert the authors' checkpoints of FNAC_AVL and EZ-VSL to fnac_mm.

Usage: python tools/model_converters/convert_official.py SRC.pth DST.pth
"""
import argparse
import os
import sys


def main() -> None:
    """Convert; bad input ends with a message."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('src', help='checkpoint of the authors (.pth)')
    parser.add_argument('dst', help='checkpoint to write')
    args = parser.parse_args()
    if not os.path.isfile(args.src):
        sys.exit(f'error: {args.src}: no such checkpoint')
    from fnac_mm.apis.official_checkpoint import convert
    try:
        converted = convert(args.src, args.dst)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.dst}: {len(converted["state_dict"])} tensors')


if __name__ == '__main__':
    main()
