"""The one reader of pictures: data sets, stills, preparation, inference.

Shape legend: H, W picture height and width.
"""
import io
import os
import struct
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Iterator, Optional, Tuple, Union

import numpy as np
from mmengine import fileio
from PIL import Image, ImageOps, UnidentifiedImageError

from .container import MediaError
from .suffixes import missing_plugin

try:
    import simplejpeg
except ImportError:
    simplejpeg = None

# What Pillow raises for broken files; its decoders are many.
_DECODE_ERRORS = (OSError, ValueError, SyntaxError, EOFError, IndexError,
                  TypeError, ArithmeticError, struct.error,
                  Image.DecompressionBombError)
# Pillow knows 40 others; for one of them (EPS) it starts another program.
_FORMATS: Tuple[str, ...] = ('JPEG', 'PNG', 'BMP', 'GIF', 'WEBP', 'TIFF',
                             'PPM', 'AVIF')
# Conversion to RGB would clip these to 255 instead of scaling them.
_DEEP_MODES = ('I', 'F')
# Either can hold an orientation, which Pillow's reader knows to follow.
_ORIENTATION = (b'Exif\0\0', b'http://ns.adobe.com/xap/')
# Brands of a file that begins as an mp4 does; those of HEIC are many.
_AVIF = (b'avif', b'avis')


@contextmanager
def open_picture(content: bytes,
                 path: str = '',
                 what: str = 'picture') -> Iterator[Image.Image]:
    """Open a picture; all that goes wrong with it is a MediaError.

    Args:
        content (bytes): The file. From memory, where a damaged length asks
            for no more than there is.
        path (str): Its name, for messages. Defaults to ''.
        what (str): What it should be. Defaults to 'picture'.

    Yields:
        Image.Image: Its first frame, not decoded yet.

    Raises:
        MediaError: ``undecodable``.
    """
    name = f'not a readable {what} of {len(content)} bytes'
    advice, formats = 'unknown format', _FORMATS
    if content[4:8] == b'ftyp':
        suffix = '.avif' if content[8:12] in _AVIF else '.heic'
        missing = missing_plugin(suffix)
        advice = f'to read {suffix[1:].upper()}, install {missing}' \
            if missing else advice
        if suffix == '.heic' and not missing:
            import_module('pillow_heif.HeifImagePlugin')
            formats = ('HEIF', )
    try:
        with Image.open(io.BytesIO(content), formats=formats) as picture:
            yield picture
    except UnidentifiedImageError as error:
        # Its own message shows an address in memory.
        raise MediaError('undecodable', f'{name} ({advice})', path) from error
    except _DECODE_ERRORS as error:
        raise MediaError('undecodable', f'{name} ({error})', path) from error


def decode_picture(content: bytes,
                   path: str = '',
                   order: str = 'RGB',
                   upright: bool = True,
                   fast: bool = True) -> np.ndarray:
    """Decode a picture of any kind as one of three channels.

    Grey, palette and CMYK pictures are converted; transparency is ignored;
    of several frames the first is taken. More than 8 bits of colour are
    scaled; of grey, which Pillow would clip, they are an error.

    Args:
        content (bytes): The file.
        path (str): Its name, for messages. Defaults to ''.
        order (str): Of the channels, ``'RGB'`` (default) or ``'BGR'``.
        upright (bool): Whether to turn and mirror it as its metadata tell.
            Defaults to True.
        fast (bool): Whether simplejpeg may decode what needs no care: the
            same pixels in half the time. Defaults to True.

    Returns:
        np.ndarray: (H, W, 3) uint8.

    Raises:
        MediaError: ``undecodable``.
    """
    array = _decode_plain_jpeg(content, order) if fast else None
    if array is not None:
        return array
    with open_picture(content, path) as picture:
        if picture.mode.startswith(_DEEP_MODES):
            raise ValueError(f'mode {picture.mode} has more than 8 bits a '
                             'channel; convert it to 8 bits')
        if upright:
            picture = ImageOps.exif_transpose(picture)
        if picture.mode != 'RGB':
            picture = picture.convert('RGB')
        array = np.array(picture)
    return array if order == 'RGB' else array[..., ::-1]


def _decode_plain_jpeg(content: bytes, order: str) -> Optional[np.ndarray]:
    """(H, W, 3) of an ordinary JPEG; None leaves all others to Pillow.

    Both use libjpeg-turbo with the accurate transform and smooth upsampling
    of the colours, so the pixels are equal.
    """
    if simplejpeg is None or not content.startswith(b'\xff\xd8\xff') or any(
            mark in content for mark in _ORIENTATION):
        return None
    try:
        height, width, colors, _ = simplejpeg.decode_jpeg_header(content)
        # Pillow warns of larger ones, and refuses those of twice the size.
        limit = Image.MAX_IMAGE_PIXELS or height * width
        if colors in ('YCbCr', 'Gray') and height * width <= limit:
            return simplejpeg.decode_jpeg(content, order)
    except ValueError:
        # Pillow tells what can be read in spite of it, and what is wrong.
        pass
    return None


def read_picture(path: Union[str, Path],
                 backend_args: Optional[dict] = None,
                 **kwargs: Any) -> np.ndarray:
    """Read a picture file, see :func:`decode_picture`.

    Args:
        path (str | Path): File, or an address that MMEngine's file backends
            know.
        backend_args (dict, optional): Of the file backend.
        **kwargs: Of :func:`decode_picture`.

    Returns:
        np.ndarray: (H, W, 3) uint8, RGB unless ``order`` says otherwise.

    Raises:
        FileNotFoundError: If there is no such file.
        MediaError: If it can't be read as a picture.
    """
    path = os.fspath(path)
    try:
        content = fileio.get(path, backend_args=backend_args)
    except FileNotFoundError as error:
        raise FileNotFoundError(f'{path}: no such picture') from error
    return decode_picture(content, path, **kwargs)
