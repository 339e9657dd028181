"""One picture of a video."""
import os
from fractions import Fraction
from pathlib import Path
from typing import Optional, Tuple, Union

import av
import numpy as np


def _decode_at(container: av.container.InputContainer,
               time: Optional[float]) -> Tuple[av.VideoFrame, float]:
    """Frame that is shown at a time, or in the middle, and the time."""
    if not container.streams.video:
        raise ValueError('the file has no video track')
    stream = container.streams.video[0]
    unit = stream.time_base or Fraction(1, av.time_base)
    origin = stream.start_time or 0
    if stream.duration is not None:
        total = float(stream.duration * unit)
    else:
        total = (container.duration or 0) / av.time_base
    if time is None:
        time = total / 2
    elif not 0 <= time < total:
        raise ValueError(f'time={time} s is outside the video of '
                         f'{total:.3f} s')
    shown = None
    container.seek(int(time / unit) + origin, stream=stream)
    for frame in container.decode(stream):
        begin = float(((frame.pts or 0) - origin) * unit)
        # Half a millisecond, because some containers round to one.
        if shown is not None and begin > time + 5e-4:
            break
        shown = frame
    if shown is None:
        raise ValueError(f'no picture could be decoded at {time:.3f} s')
    return shown, time


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
        with av.open(path) as container:
            frame, time = _decode_at(container, time)
            picture = frame.to_ndarray(format='rgb24')
    except (av.FFmpegError, ValueError) as error:
        raise ValueError(f'{path}: not a readable video ({error})') from error
    # Phones store upright films lying, with a note to turn them.
    return np.ascontiguousarray(np.rot90(picture, frame.rotation // 90)), time
