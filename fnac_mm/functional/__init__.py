"""The knowledge of the field: pure functions on tensors and arrays.

Each is loaded at its first use; ``__init__.pyi`` says from where.
"""
from fnac_mm.utils.lazy import lazy_names
from .localization_map import localization_map  # as its module is called

__getattr__, __dir__, __all__ = lazy_names(__name__)
