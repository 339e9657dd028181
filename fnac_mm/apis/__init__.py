"""For programs that use a trained model; imported when they are asked for."""
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fnac_mm.media.video import read_video_frame
    from .folder_inference import find_inputs
    from .localization_inferencer import LocalizationInferencer
    from .source_location import read_min_confidence
    from .video_options import VideoOptions

_MODULES = dict(
    LocalizationInferencer='apis.localization_inferencer',
    VideoOptions='apis.video_options',
    find_inputs='apis.folder_inference',
    read_min_confidence='apis.source_location',
    read_video_frame='media.video')

__all__ = [
    'LocalizationInferencer', 'VideoOptions', 'find_inputs',
    'read_min_confidence', 'read_video_frame'
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'fnac_mm.{_MODULES[name]}'), name)
