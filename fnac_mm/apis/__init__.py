"""For programs that use a trained model."""
from fnac_mm.media.video import read_video_frame
from .folder_inputs import find_inputs
from .localization_inferencer import LocalizationInferencer
from .placement import read_min_confidence
from .video_options import VideoOptions

__all__ = [
    'LocalizationInferencer', 'VideoOptions', 'find_inputs',
    'read_min_confidence', 'read_video_frame'
]
