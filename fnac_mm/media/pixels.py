"""From a decoded frame to the picture that a player shows.

Shape legend: H, W picture height and width.
"""
from fractions import Fraction
from typing import Any, Optional, Tuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter


def _display_matrix(frame: av.VideoFrame) -> Tuple[int, int, int, int]:
    """How x and y of the stored picture become those of the shown one."""
    data: Any = frame.side_data.get('DISPLAYMATRIX')
    if data is None:
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        b = c = 0
    else:
        a = d = 0
    return a, b, c, d


def pixel_aspect(stream: av.VideoStream,
                 frame: av.VideoFrame) -> Optional[Fraction]:
    """Width of a pixel over its height, in the picture that is shown.

    Args:
        stream (av.VideoStream): Its track; the container's aspect goes
            before the codec's.
        frame (av.VideoFrame): A decoded frame.

    Returns:
        Fraction, optional: None if nobody tells.
    """
    aspect = stream.sample_aspect_ratio
    if not aspect:
        return None
    turned = _display_matrix(frame)[0] == 0
    return 1 / Fraction(aspect) if turned else Fraction(aspect)


def frame_picture(frame: av.VideoFrame) -> np.ndarray:
    """Picture of a frame, turned and mirrored as the container tells.

    Pixels are those stored: one that is not square stays so.

    Args:
        frame (av.VideoFrame): A decoded frame.

    Returns:
        np.ndarray: (H, W, 3) uint8 RGB.
    """
    # A converter of its own, with one thread: PyAV 19 shares one with all of
    # the program, and a forked process would wait for its parent's threads.
    picture = VideoReformatter().reformat(
        frame, format='rgb24', threads=1).to_ndarray()
    # Phones store upright films lying, with a note to turn them.
    a, b, c, d = _display_matrix(frame)
    if a == 0:
        picture = picture.transpose(1, 0, 2)
    picture = picture[::-1] if b + d < 0 else picture
    picture = picture[:, ::-1] if a + c < 0 else picture
    return np.ascontiguousarray(picture)
