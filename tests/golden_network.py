"""The published network of ``shared/golden/model.npz``."""
import json
import zlib
from pathlib import Path
from typing import Dict

import numpy as np
import torch
from torch import Tensor

SALT = 7
ENCODER = dict(type='mmpretrain.ResNet', depth=18)
# Dropout off, as the golden numbers were made
PUBLISHED = dict(
    image_encoder=ENCODER,
    audio_encoder=dict(ENCODER, in_channels=1),
    image_dropout=0.0)


def _filled(name: str, shape: list) -> Tensor:
    """The fill rule of golden/README.md."""
    seed = zlib.crc32(f'{SALT}:{name}'.encode())
    x = np.random.default_rng(seed).standard_normal(shape)
    if name.endswith('num_batches_tracked'):
        return torch.zeros(shape, dtype=torch.int64)
    if name.endswith('running_var'):
        x = 1 + 0.1 * np.abs(x)
    elif name.endswith(('running_mean', 'bias')):
        x = 0.1 * x
    elif len(shape) == 1:
        x = 1 + 0.1 * x
    else:
        x = x * np.sqrt(2 / np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(x, np.float32))


def official_weights(shared: Path) -> Dict[str, Tensor]:
    """Weights under the authors' names.

    Args:
        shared (Path): Folder of the golden numbers.

    Returns:
        dict[str, Tensor]: ``model`` entry of a checkpoint.
    """
    text = (shared / 'golden' / 'official_state_dict.json').read_text()
    return {k: _filled(k, shape) for k, shape in json.loads(text).items()}


def golden_inputs() -> Dict[str, Tensor]:
    """Preprocessed inputs of the golden numbers.

    Returns:
        dict[str, Tensor]: ``image`` (4, 3, 224, 224) and ``audio``
        (4, 1, 257, 200).
    """
    rng = np.random.default_rng(SALT + 1)
    image = rng.standard_normal((4, 3, 224, 224)).astype(np.float32)
    audio = rng.standard_normal((4, 1, 257, 200)) * 0.3 - 0.9
    return dict(
        image=torch.from_numpy(image),
        audio=torch.from_numpy(audio.astype(np.float32)))
