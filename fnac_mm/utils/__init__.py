"""Helpers that depend on nothing else of the package."""
from .checkpoint import load_plain_checkpoint, safe_loading
from .dist import first_row, gather_rows, mean_over_processes

__all__ = [
    'first_row', 'gather_rows', 'load_plain_checkpoint', 'mean_over_processes',
    'safe_loading'
]
