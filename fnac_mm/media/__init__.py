"""Files of pictures, sounds and films: opened here, and nowhere else."""
from .suffixes import PICTURES, SOUNDS, VIDEOS, is_hidden, media_kind

__all__ = ['PICTURES', 'SOUNDS', 'VIDEOS', 'is_hidden', 'media_kind']
