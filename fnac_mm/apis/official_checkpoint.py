"""The authors' checkpoints of FNAC_AVL and EZ-VSL as ours."""
import os
from typing import Any, List, Union

import numpy as np
import torch

from fnac_mm.models import DualEncoderLocalizer
from fnac_mm.utils.checkpoint import load_plain_checkpoint
from fnac_mm.utils.files import atomic_path
from fnac_mm.version import __version__

PathLike = Union[str, 'os.PathLike[str]']

# Both projects name their parts alike.
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


def _rename(key: str) -> str:
    """Our name of an official weight; an unknown one stays as it is."""
    part, dot, rest = key.removeprefix('module.').partition('.')
    return PARTS.get(part, part) + dot + rest


def _check_weights(weights: dict, source: str) -> int:
    """Load weights into the published network; size of its common space."""
    bias = weights.get('audio_projection.bias')
    embed_dims = len(bias) if isinstance(bias, torch.Tensor) else 512
    encoder = dict(type='mmpretrain.ResNet', depth=18)
    model = DualEncoderLocalizer(encoder, dict(encoder, in_channels=1),
                                 embed_dims)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f'{source}: not a checkpoint of FNAC_AVL or EZ-VSL: '
                         f'{error}') from error
    broken = [k for k, value in weights.items() if not value.isfinite().all()]
    if broken:
        raise ValueError(f'{source}: {", ".join(broken)}: NaN or infinite '
                         'values')
    return embed_dims


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
    src = os.fspath(src)
    with torch.serialization.safe_globals(SAFE):
        checkpoint = load_plain_checkpoint(src)
    official = checkpoint.get('model', checkpoint)
    if not isinstance(official, dict):
        raise ValueError(f'{src}: its entry \'model\' is a '
                         f'{type(official).__name__}, not a dict of weights')
    weights = {_rename(str(key)): v for key, v in official.items()}
    meta = dict(
        converted_from=os.path.basename(src),
        fnac_mm_version=__version__,
        embed_dims=_check_weights(weights, src))
    if 'epoch' in checkpoint:
        meta['epoch'] = int(checkpoint['epoch'])
    converted = dict(meta=meta, state_dict=weights)
    with atomic_path(os.fspath(dst)) as draft:
        torch.save(converted, draft)
    return converted
