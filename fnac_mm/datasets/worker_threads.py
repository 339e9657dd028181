"""One thread for each worker."""
import os
from typing import Optional

import cv2
import torch
from torch.utils.data import get_worker_info

_pinned: Optional[int] = None
# Another one in a forked process
_imported_in = os.getpid()


def pin_worker_threads() -> None:
    """Give torch and OpenCV one thread, once, in a worker of a loader.

    Workers already take a core each, however they were started; the decoders
    of pictures and sound use no threads here. Other processes stay as they
    are. OpenCV keeps what a forked worker inherits (none from a Runner): told
    otherwise there, it would wait for ever for the threads of its parent.
    """
    global _pinned
    if _pinned == os.getpid() or get_worker_info() is None:
        return
    _pinned = os.getpid()
    torch.set_num_threads(1)
    if _imported_in == os.getpid():
        cv2.setNumThreads(0)
