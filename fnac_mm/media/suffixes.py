"""Which files are media, by their names: one list for all tools."""
import os
from importlib.util import find_spec
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
# Read only where Pillow has a module; by whose package it comes.
_PLUGINS: Dict[str, Tuple[str, str]] = {
    '.heic': ('pillow_heif', 'pillow-heif'),
    '.heif': ('pillow_heif', 'pillow-heif'),
    '.avif': ('PIL._avif', 'Pillow >= 11.3')
}

_KINDS: Dict[str, str] = {
    **dict.fromkeys(PICTURES, 'picture'),
    **dict.fromkeys(SOUNDS, 'sound'),
    **dict.fromkeys(VIDEOS, 'video'),
    **dict.fromkeys([*_PLUGINS, '.jxl'], 'unread picture')
}


def missing_plugin(path: Union[str, Path]) -> Optional[str]:
    """Package without which a kind of picture can't be read.

    Args:
        path (str | Path): File, or its suffix; it is not opened.

    Returns:
        str, optional: Its name; None if nothing is missing.
    """
    suffix = os.path.splitext(f'a{path}')[1].lower()
    module, package = _PLUGINS.get(suffix, ('PIL', ''))
    return None if find_spec(module) else package


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
    suffix = os.path.splitext(path)[1].lower()
    if suffix in _PLUGINS and not missing_plugin(path):
        return 'picture'
    return _KINDS.get(suffix)
