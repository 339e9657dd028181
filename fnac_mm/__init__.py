"""FNAC audio-visual sound source localisation for MMEngine.

Sub-packages are loaded at their first use; MMEngine finds the components in
the registries' scope ``fnac_mm``.
"""
import warnings

# mmcv-lite says so when mmpretrain is imported; nothing here needs the op.
warnings.filterwarnings(
    'ignore', message='Fail to import ``MultiScaleDeformableAttention``')

from .utils.lazy import lazy_names  # noqa: E402
from .version import __version__  # noqa: E402, F401

__getattr__, __dir__, __all__ = lazy_names(__name__)
