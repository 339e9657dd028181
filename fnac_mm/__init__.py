"""FNAC audio-visual sound source localisation for MMEngine.

Importing the package registers its components under the scope ``fnac_mm``.
"""
from . import (apis, datasets, engine, evaluation, functional, models,
               registry, structures, utils, visualization)
from .version import __version__

__all__ = [
    '__version__', 'apis', 'datasets', 'engine', 'evaluation', 'functional',
    'models', 'registry', 'structures', 'utils', 'visualization'
]
