"""What runs around the model."""
from .hooks import (LocalizationVisualizationHook, LossWarmupHook,
                    RandomnessHook, ResumedValidationHook, SafeCheckpointHook)

__all__ = [
    'LocalizationVisualizationHook', 'LossWarmupHook', 'RandomnessHook',
    'ResumedValidationHook', 'SafeCheckpointHook'
]
