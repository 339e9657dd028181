"""For programs that use a trained model; imported when they are asked for."""
from fnac_mm.utils.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__)
