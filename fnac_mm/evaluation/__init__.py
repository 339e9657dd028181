"""From predictions to named numbers."""
from .comparison import check_same_test, compare, list_differences
from .metrics import (ExtendedLocalizationMetric, LocalizationMetric,
                      MapMetric, NegativeAudioMetric, RetrievalMetric,
                      SampleMetric, SegmentationMetric)
from .rescore import check_unchanged, score_again, scored_rows
from .result_file import find_metric, metric_name, read_results, write_results
from .score_table import benchmark_numbers, format_benchmarks

__all__ = [
    'ExtendedLocalizationMetric', 'LocalizationMetric', 'MapMetric',
    'NegativeAudioMetric', 'RetrievalMetric', 'SampleMetric',
    'SegmentationMetric', 'benchmark_numbers', 'check_same_test',
    'check_unchanged', 'compare', 'find_metric', 'format_benchmarks',
    'list_differences', 'metric_name', 'read_results', 'score_again',
    'scored_rows', 'write_results'
]
