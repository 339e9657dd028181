"""The knowledge of the field: pure functions on tensors."""
from .adaptive_score import adaptive_ciou, adaptive_region, adaptive_threshold
from .confidence import (bootstrap_interval, mcnemar_test, mean_interval,
                         paired_test, sample_scores, summarize_intervals)
from .detection_score import (average_precision, detection_ap, detection_curve,
                              detection_f1, location_accuracy, map_confidence,
                              size_subsets, summarize_detections)
from .group_score import group_cious, picture_group, summarize_groups
from .localization_map import (fuse_maps, localization_map, normalize_map,
                               object_map, resize_map)
from .localization_score import (area_threshold, baseline_cious,
                                 boxes_to_target, centre_map, consensus_iou,
                                 oracle_ciou, region_ciou, select_region,
                                 success_auc, success_rate, summarize_cious)
from .losses import fnac_losses, foreground_mask
from .negative_audio_score import (PUBLISHED_THRESHOLDS, active_share,
                                   calibrate_threshold, harmonic_mean,
                                   negative_auc, region_overlap,
                                   summarize_negative_audio)
from .protocol import PROTOCOLS, Protocol, get_protocol
from .retrieval_score import (recall_at, retrieval_ranks, retrieval_similarity,
                              summarize_retrieval)
from .segmentation_score import (f_measure_curve, f_measure_thresholds,
                                 frame_iou, max_f_measure,
                                 pixel_average_precision,
                                 summarize_segmentation)
from .similarity import pairwise_max_similarity
from .spectrogram import log_spectrogram, mask_spectrogram
from .waveform import load_waveform, tile_waveform, window_waveform

__all__ = [
    'PROTOCOLS', 'PUBLISHED_THRESHOLDS', 'Protocol', 'active_share',
    'adaptive_ciou', 'adaptive_region', 'adaptive_threshold', 'area_threshold',
    'average_precision', 'baseline_cious', 'bootstrap_interval',
    'boxes_to_target', 'calibrate_threshold', 'centre_map', 'consensus_iou',
    'detection_ap', 'detection_curve', 'detection_f1', 'f_measure_curve',
    'f_measure_thresholds', 'fnac_losses', 'foreground_mask', 'frame_iou',
    'fuse_maps', 'get_protocol', 'group_cious', 'harmonic_mean',
    'load_waveform', 'localization_map', 'location_accuracy',
    'log_spectrogram', 'map_confidence', 'mask_spectrogram', 'max_f_measure',
    'mcnemar_test', 'mean_interval', 'negative_auc', 'normalize_map',
    'object_map', 'oracle_ciou', 'paired_test', 'pairwise_max_similarity',
    'picture_group', 'pixel_average_precision', 'recall_at', 'region_ciou',
    'region_overlap', 'resize_map', 'retrieval_ranks', 'retrieval_similarity',
    'sample_scores', 'select_region', 'size_subsets', 'success_auc',
    'success_rate', 'summarize_cious', 'summarize_detections',
    'summarize_groups', 'summarize_intervals', 'summarize_negative_audio',
    'summarize_retrieval', 'summarize_segmentation', 'tile_waveform',
    'window_waveform'
]
