"""Convert the authors' checkpoints of FNAC_AVL and EZ-VSL to fnac_mm.

Usage: python tools/model_converters/convert_official.py SRC.pth DST.pth
"""
import argparse
import os
import sys
import tempfile
from typing import Any, Dict, List, Union

import numpy as np
import torch
from torch import Tensor

import fnac_mm
from fnac_mm.models import DualEncoderLocalizer
from fnac_mm.utils import load_plain_checkpoint

PathLike = Union[str, 'os.PathLike[str]']

# Both projects call their parts alike.
PARTS = dict(
    imgnet='image_encoder',
    img_proj='image_projection',
    audnet='audio_encoder',
    aud_proj='audio_projection')

# The authors stored their best scores beside the weights as NumPy scalars.
# Rebuilding one runs no code of the file.
_SCALAR = np.float64(0).__reduce__()[0]
SAFE: List[Any] = [(_SCALAR, 'numpy.core.multiarray.scalar'),
                   (_SCALAR, 'numpy._core.multiarray.scalar'), np.dtype,
                   *[type(np.dtype(t)) for t in ('f4', 'f8', 'i4', 'i8', '?')]]


def _load(path: PathLike) -> dict:
    """Read a checkpoint without running any code in it."""
    with torch.serialization.safe_globals(SAFE):
        return load_plain_checkpoint(os.fspath(path))


def _rename(key: str) -> str:
    """Our name of an official weight; an unknown one stays as it is."""
    part, dot, rest = key.removeprefix('module.').partition('.')
    return PARTS.get(part, part) + dot + rest


def _expected_shapes(embed_dims: int) -> Dict[str, torch.Size]:
    """Names and shapes of the published network in this package."""
    encoder = dict(type='mmpretrain.ResNet', depth=18)
    model = DualEncoderLocalizer(encoder, dict(encoder, in_channels=1),
                                 embed_dims)
    return {key: value.shape for key, value in model.state_dict().items()}


def _problems(weights: Dict[str, Tensor]) -> List[str]:
    """What keeps these weights from being the published network's."""
    for key, value in weights.items():
        if not isinstance(value, Tensor):
            return [f'{key}: a {type(value).__name__}, not a tensor']
    # The size of the common space is an option of both projects.
    bias = weights.get('audio_projection.bias')
    expected = _expected_shapes(512 if bias is None else bias.numel())
    missing = sorted(expected.keys() - weights.keys())
    unexpected = sorted(weights.keys() - expected.keys())
    common = [key for key in expected if key in weights]
    return [
        *[f'missing: {key}' for key in missing],
        *[f'unexpected: {key}' for key in unexpected],
        *[
            f'{key}: shape {tuple(weights[key].shape)}, expected '
            f'{tuple(expected[key])}'
            for key in common if weights[key].shape != expected[key]
        ],
        *[
            f'{key}: NaN or infinite values'
            for key in common if not weights[key].isfinite().all()
        ],
    ]


def _save(checkpoint: dict, path: PathLike) -> None:
    """Write a checkpoint, all of it or nothing."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, suffix='.tmp')
    try:
        with os.fdopen(handle, 'wb') as file:
            torch.save(checkpoint, file)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def convert(src: PathLike, dst: PathLike) -> dict:
    """Convert an official checkpoint.

    Args:
        src (str | Path): Checkpoint with an entry ``model``, or the weights
            themselves; keys with or without ``module.``.
        dst (str | Path): File to write: ``state_dict`` and ``meta``, which
            ``torch.load(weights_only=True)`` reads.

    Returns:
        dict: What was written.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If it carries code, or weights are missing, unexpected,
            of another shape or not finite; the message lists them.
    """
    checkpoint = _load(src)
    official = checkpoint.get('model', checkpoint)
    if not isinstance(official, dict):
        raise ValueError(f'{src}: its entry \'model\' is a '
                         f'{type(official).__name__}, not a dict of weights')
    weights = {_rename(str(key)): v for key, v in official.items()}
    problems = _problems(weights)
    if problems:
        raise ValueError(f'{src}: not a checkpoint of FNAC_AVL or EZ-VSL:\n' +
                         '\n'.join(f'  {line}' for line in problems))
    meta = dict(
        converted_from=os.path.basename(src),
        fnac_mm_version=fnac_mm.__version__,
        embed_dims=len(weights['audio_projection.bias']))
    if 'epoch' in checkpoint:
        meta['epoch'] = int(checkpoint['epoch'])
    converted = dict(meta=meta, state_dict=weights)
    _save(converted, dst)
    return converted


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('src', help='checkpoint of the authors (.pth)')
    parser.add_argument('dst', help='checkpoint to write')
    args = parser.parse_args()
    try:
        converted = convert(args.src, args.dst)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.dst}: {len(converted["state_dict"])} tensors')


if __name__ == '__main__':
    main()
