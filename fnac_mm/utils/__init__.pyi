from .checkpoint import (check_weights, forget_foreign_paths,
                         load_plain_checkpoint, read_weights, safe_loading)
from .console import log_shown
from .device import no_autocast, piece_elements
from .dist import first_row, gather_rows, mean_over_processes, world_size
from .files import (atomic_path, file_digest, json_digest, list_digest,
                    remove_unfinished, write_atomically)

__all__ = [
    'atomic_path', 'check_weights', 'file_digest', 'first_row',
    'forget_foreign_paths', 'gather_rows', 'json_digest', 'list_digest',
    'load_plain_checkpoint', 'log_shown', 'mean_over_processes', 'no_autocast',
    'piece_elements', 'read_weights', 'remove_unfinished', 'safe_loading',
    'world_size', 'write_atomically'
]
