"""Objectives."""
from .fnac_loss import FNACLoss

__all__ = ['FNACLoss']
