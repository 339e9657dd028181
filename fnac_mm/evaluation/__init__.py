"""From predictions to named numbers."""
from .metrics import (ExtendedLocalizationMetric, LocalizationMetric,
                      NegativeAudioMetric, SegmentationMetric)
from .protocol import build_protocol
from .report import format_report
from .result_file import read_results, write_results

__all__ = [
    'ExtendedLocalizationMetric', 'LocalizationMetric', 'NegativeAudioMetric',
    'SegmentationMetric', 'build_protocol', 'format_report', 'read_results',
    'write_results'
]
