"""Transforms: load and pack; the others are mmcv's and mmpretrain's."""
# Registers Resize, RandomFlip and the like.
import mmcv.transforms  # noqa: F401

from .formatting import PackAVInputs
from .level import RandomGain
from .loading import LoadAudio, LoadImage
from .masks import LoadMask
from .resizing import ResizeRandomCrop, ResizeShortEdge

__all__ = [
    'LoadAudio', 'LoadImage', 'LoadMask', 'PackAVInputs', 'RandomGain',
    'ResizeRandomCrop', 'ResizeShortEdge'
]
