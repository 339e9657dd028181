"""Hooks."""
from .localization_visualization_hook import LocalizationVisualizationHook
from .loss_warmup_hook import LossWarmupHook
from .randomness_hook import RandomnessHook
from .resumed_validation_hook import ResumedValidationHook
from .safe_checkpoint_hook import SafeCheckpointHook

__all__ = [
    'LocalizationVisualizationHook', 'LossWarmupHook', 'RandomnessHook',
    'ResumedValidationHook', 'SafeCheckpointHook'
]
