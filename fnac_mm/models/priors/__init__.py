"""Priors that do not listen."""
from .object_prior import ObjectPrior

__all__ = ['ObjectPrior']
