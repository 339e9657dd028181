"""Helpers that depend on nothing else of the package."""
from .checkpoint import file_digest, load_plain_checkpoint, safe_loading
from .digest import json_digest, list_digest
from .dist import first_row, gather_rows, mean_over_processes

__all__ = [
    'file_digest', 'first_row', 'gather_rows', 'json_digest', 'list_digest',
    'load_plain_checkpoint', 'mean_over_processes', 'safe_loading'
]
