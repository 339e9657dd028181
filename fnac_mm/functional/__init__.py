"""The knowledge of the field: pure functions on tensors."""
from .localization_map import (fuse_maps, localization_map, normalize_map,
                               object_map, resize_map)
from .localization_score import (baseline_cious, boxes_to_target, centre_map,
                                 consensus_iou, oracle_ciou, region_ciou,
                                 select_region, success_auc, success_rate,
                                 summarize_cious)
from .losses import fnac_losses, foreground_mask
from .protocol import PROTOCOLS, Protocol, get_protocol
from .similarity import pairwise_max_similarity
from .spectrogram import log_spectrogram, mask_spectrogram
from .waveform import load_waveform, tile_waveform, window_waveform

__all__ = [
    'PROTOCOLS', 'Protocol', 'baseline_cious', 'boxes_to_target', 'centre_map',
    'consensus_iou', 'fnac_losses', 'foreground_mask', 'fuse_maps',
    'get_protocol', 'load_waveform', 'localization_map', 'log_spectrogram',
    'mask_spectrogram', 'normalize_map', 'object_map', 'oracle_ciou',
    'pairwise_max_similarity', 'region_ciou', 'resize_map', 'select_region',
    'success_auc', 'success_rate', 'summarize_cious', 'tile_waveform',
    'window_waveform'
]
