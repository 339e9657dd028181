"""Which files are media, by their names: one list for all tools."""
import os
from pathlib import Path
from typing import Dict, Optional, Tuple, Union

PICTURES: Tuple[str, ...] = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.gif',
                             '.tif', '.tiff')
SOUNDS: Tuple[str,
              ...] = ('.wav', '.flac', '.ogg', '.oga', '.mp3', '.m4a', '.opus',
                      '.aac', '.aif', '.aiff', '.wma', '.w64', '.caf', '.amr')
VIDEOS: Tuple[str, ...] = ('.mp4', '.mkv', '.webm', '.mov', '.avi', '.m4v',
                           '.flv', '.mpg', '.mpeg', '.ts', '.mts', '.m2ts',
                           '.3gp', '.wmv', '.ogv', '.vob')
# Read only where a plugin of Pillow is installed.
UNREAD_PICTURES: Tuple[str, ...] = ('.heic', '.heif', '.avif', '.jxl')

_KINDS: Dict[str, str] = {
    **dict.fromkeys(PICTURES, 'picture'),
    **dict.fromkeys(SOUNDS, 'sound'),
    **dict.fromkeys(VIDEOS, 'video'),
    **dict.fromkeys(UNREAD_PICTURES, 'unread picture')
}


def is_hidden(path: Union[str, Path]) -> bool:
    """Whether a file is no medium because its name begins with a dot.

    Such are the ``._name`` files that macOS puts beside others on disks
    that are not its own.

    Args:
        path (str | Path): File.

    Returns:
        bool: True for a hidden file.
    """
    return os.path.basename(path).startswith('.')


def media_kind(path: Union[str, Path]) -> Optional[str]:
    """What a file is, by its suffix in upper or lower case.

    Args:
        path (str | Path): File; it is not opened.

    Returns:
        str, optional: ``'picture'``, ``'sound'``, ``'video'``, ``'unread
        picture'`` (of a kind that can't be read here), or None for a hidden
        file and all others.
    """
    if is_hidden(path):
        return None
    return _KINDS.get(os.path.splitext(path)[1].lower())
