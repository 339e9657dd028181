"""Metrics."""
from .extended_metric import ExtendedLocalizationMetric
from .localization_metric import LocalizationMetric
from .negative_audio_metric import NegativeAudioMetric
from .retrieval_metric import RetrievalMetric
from .segmentation_metric import SegmentationMetric

__all__ = [
    'ExtendedLocalizationMetric', 'LocalizationMetric', 'NegativeAudioMetric',
    'RetrievalMetric', 'SegmentationMetric'
]
