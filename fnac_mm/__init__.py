"""FNAC audio-visual sound source localisation for MMEngine.

Importing the package registers its components under the scope ``fnac_mm``.
"""
import warnings

from . import (apis, datasets, engine, evaluation, functional, models,
               registry, structures, utils, visualization)
from .version import __version__

# mmcv-lite says so when mmpretrain is imported; nothing here needs the op.
warnings.filterwarnings(
    'ignore', message='Fail to import ``MultiScaleDeformableAttention``')

__all__ = [
    '__version__', 'apis', 'datasets', 'engine', 'evaluation', 'functional',
    'models', 'registry', 'structures', 'utils', 'visualization'
]
