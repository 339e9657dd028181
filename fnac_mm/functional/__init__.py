"""The knowledge of the field: pure functions on tensors and arrays.

Each is loaded at its first use; ``__init__.pyi`` says from where.
"""
from fnac_mm.utils.lazy import lazy_names
# Imported, since it is called as its module.
from .localization_map import localization_map  # noqa: F401

__getattr__, __dir__, __all__ = lazy_names(__name__)
