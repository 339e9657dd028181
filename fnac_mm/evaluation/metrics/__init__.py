"""Metrics."""
from .extended_metric import ExtendedLocalizationMetric
from .localization_metric import LocalizationMetric
from .map_metric import MapMetric
from .negative_audio_metric import NegativeAudioMetric
from .retrieval_metric import RetrievalMetric
from .sample_metric import SampleMetric
from .segmentation_metric import SegmentationMetric

__all__ = [
    'ExtendedLocalizationMetric', 'LocalizationMetric', 'MapMetric',
    'NegativeAudioMetric', 'RetrievalMetric', 'SampleMetric',
    'SegmentationMetric'
]
