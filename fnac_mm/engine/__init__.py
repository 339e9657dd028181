"""What runs around the model."""
from .hooks import (LocalizationVisualizationHook, LossWarmupHook,
                    RandomnessHook, SafeCheckpointHook)

__all__ = [
    'LocalizationVisualizationHook', 'LossWarmupHook', 'RandomnessHook',
    'SafeCheckpointHook'
]
