"""Networks, losses and the data preprocessor."""
from .data_preprocessor import AVDataPreprocessor
from .localizers import DualEncoderLocalizer
from .losses import FNACLoss, GlobalBatchLoss
from .priors import ObjectPrior

__all__ = [
    'AVDataPreprocessor', 'DualEncoderLocalizer', 'FNACLoss',
    'GlobalBatchLoss', 'ObjectPrior'
]
