"""Objectives."""
from .fnac_loss import FNACLoss
from .global_batch_loss import GlobalBatchLoss

__all__ = ['FNACLoss', 'GlobalBatchLoss']
