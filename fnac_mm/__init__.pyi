from . import (apis, datasets, engine, evaluation, functional, media, models,
               preparation, registry, structures, utils, verification,
               visualization)
from .version import __version__

__all__ = [
    '__version__', 'apis', 'datasets', 'engine', 'evaluation', 'functional',
    'media', 'models', 'preparation', 'registry', 'structures', 'utils',
    'verification', 'visualization'
]
