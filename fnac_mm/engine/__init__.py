"""What runs around the model."""
from .atomic_backend import AtomicLocalBackend
from .benchmark_loop import BenchmarkLoop
from .hooks import (CrashSafeCheckpointHook, LoaderLimitHook,
                    LocalizationVisualizationHook, LossWarmupHook,
                    PreemptionHook, ProvenanceHook, RandomnessHook,
                    ResumedValidationHook, SafeCheckpointHook,
                    TrainingHealthHook)
from .loops import ResumableEpochLoop
from .optimizers import AutocastOptimWrapper

__all__ = [
    'AtomicLocalBackend', 'AutocastOptimWrapper', 'BenchmarkLoop',
    'CrashSafeCheckpointHook', 'LoaderLimitHook',
    'LocalizationVisualizationHook', 'LossWarmupHook', 'PreemptionHook',
    'ProvenanceHook', 'RandomnessHook', 'ResumableEpochLoop',
    'ResumedValidationHook', 'SafeCheckpointHook', 'TrainingHealthHook'
]
