"""Reading checkpoints without running what they may carry."""
import errno
import os
import pickle
import pickletools
import re
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, Any, Dict, Iterator

import torch
from torch import Tensor

_FORCE = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
_TRUST = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'

# What torch.load raises for bytes that are no checkpoint.
_JUNK = (RuntimeError, EOFError, LookupError, AssertionError, TypeError,
         ValueError, ArithmeticError, AttributeError, MemoryError,
         struct.error, zipfile.BadZipFile, zlib.error)

# Files of torch < 1.6 are five pickles and then the numbers.
_OLD_PICKLES = 5
_LONGEST_NAME = 500


def _reason(error: Exception) -> str:
    """The telling line of torch's long message."""
    found = re.search(r'.*(GLOBAL|[Uu]nsupported).*', str(error))
    return (found.group() if found else str(error))[:1000]


def _check_names(file: IO[bytes]) -> None:
    """ValueError for a pickle with a very long name of a class.

    Searching its own message for one takes torch minutes or days.
    """
    for code, value, _ in pickletools.genops(file):
        if code.name == 'GLOBAL' and len(str(value)) > _LONGEST_NAME:
            raise ValueError('it names a class with more than '
                             f'{_LONGEST_NAME} characters')


def _check_file(path: str) -> None:
    """ValueError if a checkpoint is not as it was written.

    torch.load does not look at the checksums of its archives.
    """
    with open(path, 'rb') as file:
        if file.read(4) != b'PK\x03\x04':
            file.seek(0)
            for _ in range(_OLD_PICKLES):
                if file.peek(1):
                    _check_names(file)
            return
    with zipfile.ZipFile(path) as archive:
        for item in archive.infolist():
            if item.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f'{item.filename:.80} is compressed, which '
                                 'torch.save never does')
            if item.filename.endswith('/data.pkl'):
                with archive.open(item) as file:
                    _check_names(file)
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f'{damaged:.80} is damaged (checksum)')


@contextmanager
def safe_loading(source: str) -> Iterator[None]:
    """Context in which every ``torch.load`` is weights-only.

    ``torch.load`` is weights-only by itself, but torch.hub, through which
    mmengine loads what it downloads, switches that off. Someone who sets
    ``TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD`` keeps torch's own rules.

    Args:
        source (str): File or address that is read, for messages.

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
            f'{source}: not a readable checkpoint '
            f'({str(error)[:1000] or type(error).__name__})') from error
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
        try:
            _check_file(path)
            checkpoint = torch.load(path, map_location='cpu')
        except OSError as error:
            # Both seek where a damaged table of contents points.
            if error.errno != errno.EINVAL:
                raise
            raise ValueError(
                f'its table of contents is damaged ({error})') from error
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path}: expected a dict, got '
                         f'{type(checkpoint).__name__}')
    return checkpoint


def read_weights(checkpoint: dict, path: str) -> Dict[str, Tensor]:
    """Weights of a checkpoint.

    Args:
        checkpoint (dict): As loaded.
        path (str): Its file, for messages.

    Returns:
        dict[str, Tensor]: By their names, without the ``module.`` that
        DistributedDataParallel puts before them.

    Raises:
        ValueError: If it holds none.
    """
    state = checkpoint.get('state_dict')
    if not isinstance(state, dict):
        raise ValueError(
            f'{path}: no "state_dict" in this checkpoint (found '
            f'{sorted(map(str, checkpoint))[:20]}); the authors\' files are '
            'converted by tools/model_converters/convert_official.py')
    return {str(key).removeprefix('module.'): v for key, v in state.items()}


def check_weights(expected: Dict[str, Tensor], found: Dict[str, Any],
                  path: str) -> None:
    """Compare the weights of a checkpoint with those of a model.

    Args:
        expected (dict[str, Tensor]): State dict of the model.
        found (dict[str, Tensor]): Of :func:`read_weights`.
        path (str): File of the checkpoint, for messages.

    Raises:
        ValueError: If they differ in names or shapes; the message counts
            and names the first.
    """
    kinds = {
        'missing': expected.keys() - found.keys(),
        'unexpected': found.keys() - expected.keys()
    }
    kinds['of another shape'] = {
        f'{key} {tuple(getattr(found[key], "shape", ()))} instead of '
        f'{tuple(expected[key].shape)}'
        for key in expected.keys() & found.keys()
        if getattr(found[key], 'shape', None) != expected[key].shape
    }
    lines = [
        f'\n  {len(names)} {kind}: ' +
        ', '.join(name[:120] for name in sorted(names)[:3]) +
        (', ...' if len(names) > 3 else '') for kind, names in kinds.items()
        if names
    ]
    if lines:
        raise ValueError(f'{path}: the checkpoint does not fit the model of '
                         f'this config:{"".join(lines)}')


def forget_foreign_paths(checkpoint: dict, folder: str) -> None:
    """Drop what a checkpoint says of best checkpoints elsewhere.

    A resumed training removes the best checkpoint before the next, and a
    checkpoint may name any file or folder as that.

    Args:
        checkpoint (dict): As loaded; changed in place.
        folder (str): Of the training that is resumed.
    """
    hub = checkpoint.get('message_hub')
    info, resumed = (
        part if isinstance(part, dict) else {}
        for part in map((hub if isinstance(hub, dict) else {}).get, (
            'runtime_info', 'resumed_keys')))
    home = os.path.realpath(folder)
    for key in [k for k in info if str(k).startswith('best_ckpt')]:
        path = str(info[key])
        inside = os.path.realpath(os.path.dirname(path)) == home
        if not inside or path[-4:] != '.pth' or os.path.isdir(path):
            del info[key]
            resumed.pop(key, None)
