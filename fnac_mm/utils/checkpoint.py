"""Reading checkpoints without running what they may carry."""
import os
import pickle
import re
import struct
from contextlib import contextmanager
from typing import Iterator

import torch

_FORCE = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
_TRUST = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'

# What torch.load raises for bytes that are no checkpoint.
_JUNK = (RuntimeError, EOFError, IndexError, AssertionError, TypeError,
         ValueError, struct.error)


def _reason(error: Exception) -> str:
    """The telling line of torch's long message."""
    found = re.search(r'.*(GLOBAL|[Uu]nsupported).*', str(error))
    return found.group() if found else str(error)


@contextmanager
def safe_loading(source: str) -> Iterator[None]:
    """Context in which every ``torch.load`` is weights-only.

    ``torch.load`` is weights-only by itself, but torch.hub, through which
    mmengine loads what it downloads, switches that off. Someone who sets
    ``TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD`` keeps torch's own rules.

    Args:
        source (str): File or address that is read, for messages.

    Yields:
        None: Load inside the context.

    Raises:
        ValueError: If the file carries code or is no checkpoint; the message
            names it.
    """
    previous = os.environ.get(_FORCE)
    if _TRUST not in os.environ:
        os.environ[_FORCE] = '1'
    try:
        yield
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'{source}: refused, because it holds more than weights and '
            f'plain values, or is no checkpoint: {_reason(error)}') from error
    except _JUNK as error:
        raise ValueError(
            f'{source}: not a readable checkpoint ({error})') from error
    finally:
        os.environ.pop(_FORCE, None)
        if previous is not None:
            os.environ[_FORCE] = previous


def load_plain_checkpoint(path: str) -> dict:
    """Read a local checkpoint of tensors and plain types.

    Args:
        path (str): The file.

    Returns:
        dict: Its content, tensors on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it carries code, is damaged or holds no dict; the
            message names it.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}: no such checkpoint')
    with safe_loading(str(path)):
        checkpoint = torch.load(path, map_location='cpu')
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path}: expected a dict, got '
                         f'{type(checkpoint).__name__}')
    return checkpoint
