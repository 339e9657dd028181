"""Helpers that depend on nothing else of the package."""
from .lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__)
