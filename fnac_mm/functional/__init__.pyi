"""The knowledge of the field: pure functions on tensors."""
from .detection_score import (average_precision, detection_ap, detection_curve,
                              detection_f1, location_accuracy, map_confidence,
                              size_subsets, summarize_detections)
from .feature_health import effective_rank, flat_row_share, uniformity
from .intervals import bootstrap_interval, mean_interval
from .localization_map import (fuse_maps, largest_region_box, localization_map,
                               normalize_map, object_map, resize_map)
from .localization_score import (adaptive_ciou, adaptive_threshold,
                                 area_threshold, baseline_cious,
                                 boxes_to_target, centre_map, consensus_iou,
                                 oracle_ciou, region_ciou, select_region)
from .losses import fnac_losses, foreground_mask
from .map_smoothing import SMOOTHINGS, MapSmoother
from .negative_audio_score import (PUBLISHED_THRESHOLDS, active_share,
                                   calibrate_threshold, draw_partners,
                                   harmonic_mean, negative_auc,
                                   placement_confidence,
                                   summarize_negative_audio)
from .protocol import (PROTOCOLS, Protocol, build_protocol, get_protocol,
                       score_maps)
from .retrieval_score import partial_ranks, recall_at, retrieval_similarity
from .segmentation_score import (f_measure_curve, f_measure_thresholds,
                                 frame_iou, max_f_measure,
                                 pixel_average_precision,
                                 summarize_segmentation)
from .similarity import pairwise_max_similarity
from .spectrogram import log_spectrogram, mask_spectrogram
from .spectrogram_stream import SpectrogramStream, StreamResampler
from .statistics import SampleStatistic, mcnemar_test, paired_test, swap_test
from .success_score import (group_cious, sample_scores, success_auc,
                            success_rate, summarize_cious, summarize_groups)
from .waveform import (decode_pcm16, encode_pcm16, load_waveform, mix_channels,
                       mix_int16, mono_window, pcm16_to_float, tile_waveform,
                       window_waveform)

__all__ = [
    'MapSmoother', 'PROTOCOLS', 'PUBLISHED_THRESHOLDS', 'Protocol',
    'SMOOTHINGS', 'SampleStatistic', 'SpectrogramStream', 'StreamResampler',
    'active_share', 'adaptive_ciou', 'adaptive_threshold', 'area_threshold',
    'average_precision', 'baseline_cious', 'bootstrap_interval',
    'boxes_to_target', 'build_protocol', 'calibrate_threshold', 'centre_map',
    'consensus_iou', 'decode_pcm16', 'detection_ap', 'detection_curve',
    'detection_f1', 'draw_partners', 'effective_rank', 'encode_pcm16',
    'f_measure_curve', 'f_measure_thresholds', 'flat_row_share', 'fnac_losses',
    'foreground_mask', 'frame_iou', 'fuse_maps', 'get_protocol', 'group_cious',
    'harmonic_mean', 'largest_region_box', 'load_waveform', 'localization_map',
    'location_accuracy', 'log_spectrogram', 'map_confidence',
    'mask_spectrogram', 'max_f_measure', 'mcnemar_test', 'mean_interval',
    'mix_channels', 'mix_int16', 'mono_window', 'negative_auc',
    'normalize_map', 'object_map', 'oracle_ciou', 'paired_test',
    'pairwise_max_similarity', 'partial_ranks', 'pcm16_to_float',
    'pixel_average_precision', 'placement_confidence', 'recall_at',
    'region_ciou', 'resize_map', 'retrieval_similarity', 'sample_scores',
    'score_maps', 'select_region', 'size_subsets', 'success_auc',
    'success_rate', 'summarize_cious', 'summarize_detections',
    'summarize_groups', 'summarize_negative_audio', 'summarize_segmentation',
    'swap_test', 'tile_waveform', 'uniformity', 'window_waveform'
]
