from . import (apis, datasets, engine, evaluation, functional, media, models,
               registry, structures, utils, visualization)
from .version import __version__

__all__ = [
    '__version__', 'apis', 'datasets', 'engine', 'evaluation', 'functional',
    'media', 'models', 'registry', 'structures', 'utils', 'visualization'
]
