"""From predictions to named numbers."""
from .benchmark_table import format_benchmarks, list_rows
from .map_history import read_history, write_history
from .metrics import (ExtendedLocalizationMetric, LocalizationMetric,
                      NegativeAudioMetric, RetrievalMetric, SegmentationMetric)
from .protocol import build_protocol
from .provenance import check_same_test, list_differences
from .report import format_report
from .rescore import check_unchanged, score_again
from .result_file import read_results, write_results

__all__ = [
    'ExtendedLocalizationMetric', 'LocalizationMetric', 'NegativeAudioMetric',
    'RetrievalMetric', 'SegmentationMetric', 'build_protocol',
    'check_same_test', 'check_unchanged', 'format_benchmarks', 'format_report',
    'list_differences', 'list_rows', 'read_history', 'read_results',
    'score_again', 'write_history', 'write_results'
]
