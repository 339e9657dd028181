"""Networks that localise sounds."""
from .dual_encoder import DualEncoderLocalizer

__all__ = ['DualEncoderLocalizer']
