"""For programs that use a trained model."""
from .localization_inferencer import LocalizationInferencer
from .video_frame import read_video_frame

__all__ = ['LocalizationInferencer', 'read_video_frame']
