"""From a decoded frame to the picture that a player shows.

Shape legend: H, W picture height and width.
"""
import warnings
from fractions import Fraction
from functools import lru_cache
from typing import Any, Optional, Tuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter

# Transfer curves of high dynamic range.
_PQ, _HLG = 16, 18
# ITU-R BT.2407, from the primaries of BT.2020.
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083],
                      [-0.0182, -0.1006, 1.1187]], np.float32)


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
    if frame.color_trc in (_PQ, _HLG):
        picture = _sdr_picture(frame)
    else:
        picture = _plain_picture(frame)
    # Phones store upright films lying, with a note to turn them.
    a, b, c, d = _display_matrix(frame)
    if a == 0:
        picture = picture.transpose(1, 0, 2)
    picture = picture[::-1] if b + d < 0 else picture
    picture = picture[:, ::-1] if a + c < 0 else picture
    return np.ascontiguousarray(picture)


def _plain_picture(frame: av.VideoFrame) -> np.ndarray:
    """(H, W, 3) uint8 RGB as stored."""
    # A converter of its own, with one thread: PyAV 19 shares one with all of
    # the program, and a forked process would wait for its parent's threads.
    return VideoReformatter().reformat(
        frame, format='rgb24', threads=1).to_ndarray()


@lru_cache
def _light(curve: int) -> np.ndarray:
    """(65536,) float32: light of each 16-bit level; 1 is the white of a page.

    SMPTE ST 2084 (PQ) in units of 203 nits, and ARIB STD-B67 (HLG) in units
    of its level of 75 %, as ITU-R BT.2408 sets reference white.
    """
    level = np.arange(65536) / 65535
    if curve == _PQ:
        power = level**(32 / 2523)
        light = np.maximum(power - 0.8359375,
                           0) / (18.8515625 - 18.6875 * power)
        return (10000 / 203 * light**(8192 / 1305)).astype(np.float32)
    light = np.where(level <= 0.5, level**2 / 3, (np.exp(
        (level - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    return (light / 0.26496256).astype(np.float32)


def _sdr_picture(frame: av.VideoFrame) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a film of high dynamic range.

    Light in the colours of BT.2020 becomes light in those of BT.709; what is
    brighter than white is cut off. FFmpeg's ``scale`` does the same, but
    thinks for seconds before the first frame.
    """
    warnings.warn(
        'a film of high dynamic range (HDR) is read as SDR, BT.709',
        stacklevel=3)
    stored: Any = VideoReformatter().reformat(
        frame, format='rgb48le', threads=1)
    light = _light(frame.color_trc)[stored.to_ndarray()] @ _TO_BT709.T
    light = light.clip(0, 1)
    # The curve of BT.709
    level = np.where(light < 0.018, 4.5 * light, 1.099 * light**0.45 - 0.099)
    return np.rint(255 * level).astype(np.uint8)
