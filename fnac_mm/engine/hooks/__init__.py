"""Hooks."""
from .localization_visualization_hook import LocalizationVisualizationHook
from .loss_warmup_hook import LossWarmupHook
from .preemption_hook import PreemptionHook
from .provenance_hook import ProvenanceHook
from .randomness_hook import RandomnessHook
from .resumed_validation_hook import ResumedValidationHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .training_health_hook import TrainingHealthHook

__all__ = [
    'LocalizationVisualizationHook', 'LossWarmupHook', 'PreemptionHook',
    'ProvenanceHook', 'RandomnessHook', 'ResumedValidationHook',
    'SafeCheckpointHook', 'TrainingHealthHook'
]
