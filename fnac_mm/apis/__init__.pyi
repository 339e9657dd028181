from ..media.video import read_video_frame
from .folder_inference import find_inputs
from .localization_inferencer import LocalizationInferencer
from .source_location import read_min_confidence
from .video_options import VideoOptions

__all__ = [
    'LocalizationInferencer', 'VideoOptions', 'find_inputs',
    'read_min_confidence', 'read_video_frame'
]
