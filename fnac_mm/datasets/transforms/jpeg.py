"""JPEG files by libjpeg-turbo, where the pixels are those of Pillow."""
from typing import Optional

import numpy as np
from PIL import Image

try:
    import simplejpeg
except ImportError:
    simplejpeg = None

# Either can hold an orientation, which Pillow's reader knows to follow.
_ORIENTATION = (b'Exif\0\0', b'http://ns.adobe.com/xap/')


def _is_plain(content: bytes) -> bool:
    """Whether this is a JPEG that needs no care beyond decoding."""
    if not content.startswith(b'\xff\xd8\xff') or any(
            mark in content for mark in _ORIENTATION):
        return False
    height, width, colors, _ = simplejpeg.decode_jpeg_header(content)
    # Pillow warns of larger ones, and refuses those of twice the size.
    limit = Image.MAX_IMAGE_PIXELS or height * width
    return colors in ('YCbCr', 'Gray') and height * width <= limit


def decode_jpeg(content: bytes) -> Optional[np.ndarray]:
    """Decode an ordinary JPEG of 8 bits, twice as fast as Pillow.

    Both use libjpeg-turbo with the accurate transform and smooth upsampling
    of the colours, so the pixels are equal.

    Returns:
        np.ndarray | None: (H, W, 3) uint8, BGR. None leaves the file to
        Pillow: another format, CMYK, an orientation, any irregularity, or
        simplejpeg is not installed.
    """
    if simplejpeg is None:
        return None
    try:
        if _is_plain(content):
            return simplejpeg.decode_jpeg(content, 'BGR')
    except ValueError:
        # Pillow tells what can be read in spite of it, and what is wrong.
        pass
    return None
