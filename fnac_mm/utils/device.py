"""What depends on where tensors are."""
from contextlib import nullcontext
from typing import ContextManager

import torch

# A device wants few large operations; this many float32 are 512 MiB.
_LARGE = 2**27


def piece_elements(device: torch.device, on_host: int) -> int:
    """How many elements to handle at once.

    Args:
        device (torch.device): Where they are.
        on_host (int): What the cache of a processor should hold.

    Returns:
        int: ``on_host``, or many more on a device, which would wait longer
        for many small operations than they take.
    """
    return on_host if device.type == 'cpu' else _LARGE


def no_autocast(device: torch.device) -> ContextManager:
    """Context in which types stay as they are: autocast switched off."""
    if torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()
