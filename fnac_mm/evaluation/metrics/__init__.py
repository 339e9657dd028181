"""Metrics."""
from .extended_metric import ExtendedLocalizationMetric
from .localization_metric import LocalizationMetric
from .negative_audio_metric import NegativeAudioMetric
from .segmentation_metric import SegmentationMetric

__all__ = [
    'ExtendedLocalizationMetric', 'LocalizationMetric', 'NegativeAudioMetric',
    'SegmentationMetric'
]
