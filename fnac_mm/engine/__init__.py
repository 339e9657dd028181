"""What runs around the model."""
from .atomic_backend import AtomicLocalBackend
from .benchmark_loop import BenchmarkLoop
from .console import ConsoleHook
from .hooks import (LocalizationVisualizationHook, LossWarmupHook,
                    PreemptionHook, ProvenanceHook, RandomnessHook,
                    ResumedValidationHook, SafeCheckpointHook,
                    TrainingHealthHook)
from .optimizers import AutocastOptimWrapper
from .resumable_epoch_loop import ResumableEpochLoop

__all__ = [
    'AtomicLocalBackend', 'AutocastOptimWrapper', 'BenchmarkLoop',
    'ConsoleHook', 'LocalizationVisualizationHook', 'LossWarmupHook',
    'PreemptionHook', 'ProvenanceHook', 'RandomnessHook', 'ResumableEpochLoop',
    'ResumedValidationHook', 'SafeCheckpointHook', 'TrainingHealthHook'
]
