"""Hooks."""
from .localization_visualization_hook import LocalizationVisualizationHook
from .loss_warmup_hook import LossWarmupHook
from .randomness_hook import RandomnessHook
from .safe_checkpoint_hook import SafeCheckpointHook

__all__ = [
    'LocalizationVisualizationHook', 'LossWarmupHook', 'RandomnessHook',
    'SafeCheckpointHook'
]
