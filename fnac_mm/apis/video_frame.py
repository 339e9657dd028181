"""One picture of a video."""
import os
from pathlib import Path
from typing import Optional, Tuple, Union

import numpy as np

from fnac_mm.functional.media_file import (announced_duration, open_media,
                                           video_track)
from fnac_mm.functional.media_frame import decode_frame, frame_picture


def read_video_frame(path: Union[str, Path],
                     time: Optional[float] = None) -> Tuple[np.ndarray, float]:
    """Read the picture that a player shows at a time.

    Args:
        path (str | Path): Video file.
        time (float, optional): Seconds. None (default) is the middle.

    Returns:
        tuple[np.ndarray, float]: (H, W, 3) uint8 RGB, upright, and its time
        in seconds.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it can't be read as video or ``time`` is outside.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}: no such video')
    try:
        with open_media(path) as container:
            total = announced_duration(video_track(container))
            if time is not None and not 0 <= time < total:
                raise ValueError(f'time={time} s is outside the video of '
                                 f'{total:.3f} s')
            wanted = total / 2 if time is None else time
            frame, _ = decode_frame(container, wanted, clamp=time is None)
            return frame_picture(frame), wanted
    except ValueError as error:
        raise ValueError(f'{path}: not a readable video ({error})') from error
