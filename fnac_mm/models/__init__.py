"""Networks, losses and the data preprocessor."""
from .data_preprocessor import AVDataPreprocessor
from .localizers import DualEncoderLocalizer
from .losses import FNACLoss
from .priors import ObjectPrior

__all__ = [
    'AVDataPreprocessor', 'DualEncoderLocalizer', 'FNACLoss', 'ObjectPrior'
]
