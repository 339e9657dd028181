"""The picture that a video shows at a time.

Second 0 is when the first picture is shown. Shape legend: H, W picture height
and width.
"""
from fractions import Fraction
from typing import Iterator, List, Tuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from .media_file import (MediaError, announced_duration, read_packets,
                         track_start, video_track)
from .time_stamps import TimeStamps

# Some containers round times to a millisecond.
_ROUNDING = 5e-4

_Input = av.container.InputContainer


def _frames_from(container: _Input, stream: av.VideoStream,
                 time: float) -> Iterator[Tuple[float, float, av.VideoFrame]]:
    """Decode (begin, end, frame) from the key frame before a time on."""
    unit = stream.time_base or Fraction(1, av.time_base)
    origin, rate = track_start(stream), stream.average_rate
    usual = float(1 / rate) if rate else 0.0
    try:
        # MPEG-TS misses its first key frame when asked for its exact time.
        target = origin + (time if time > 0 else -10.0)
        container.seek(round(target / unit), stream=stream)
    except av.FFmpegError:  # AVI knows no time before its first
        container.seek(round(origin / unit), stream=stream)
    end, key, started = max(time, 0), None, False
    stamps = TimeStamps.of(container)
    for packet in read_packets(container, stream):
        # MPEG-TS seeks to any packet; decoded from there, frames are grey.
        if not started and not packet.is_keyframe:
            continue
        if packet.is_corrupt:  # the last packet of a file that is cut off
            break
        if not started:
            key = packet.dts if packet.pts is None else packet.pts
            started = True
        for frame in stream.codec_context.decode(packet):
            stamp = stamps.best(frame.pts, frame.dts)
            begin = end if stamp is None else float(stamp * unit) - origin
            end = begin + (float((frame.duration or 0) * unit) or usual)
            # Frames shown before their key frame may need an earlier one.
            if time <= 0 or stamp is None or key is None or stamp >= key:
                yield begin, end, frame


def decode_frame(container: _Input,
                 time: float,
                 clamp: bool = False) -> Tuple[av.VideoFrame, float]:
    """Decode the frame that is shown at a time.

    Args:
        container (av.container.InputContainer): An open file.
        time (float): Seconds, not negative.
        clamp (bool): Take the last frame for times after the end, instead of
            an error. Defaults to False.

    Returns:
        tuple[av.VideoFrame, float]: The frame and the time from which on it
        is shown.

    Raises:
        MediaError: ``no_video``, ``too_short``, ``truncated`` or
            ``undecodable``.
    """
    stream = video_track(container)
    # Seeking goes by decoding times in some containers: with B frames it may
    # end at a key frame that is shown after ``time``.
    for back in (0.0, 1.0, 10.0, time):
        shown: List[Tuple[float, float, av.VideoFrame]] = []
        late = False
        for item in _frames_from(container, stream, time - back):
            late = item[0] > time + _ROUNDING
            if late and shown:
                break
            shown = [item]
        if shown and shown[0][0] <= time + _ROUNDING and \
                not shown[0][2].is_corrupt or back >= time:
            break
    if not shown:
        raise MediaError('undecodable', 'no picture could be decoded')
    begin, end, frame = shown[0]
    if frame.is_corrupt:
        raise MediaError('undecodable', f'the picture at {time:.3f} s is '
                         'damaged')
    if not late and time > end + _ROUNDING and not clamp:
        announced = announced_duration(stream)
        raise MediaError(
            'truncated' if announced > time else 'too_short',
            f'the video ends at {end:.3f} s (announced: {announced:.3f} s), '
            f'no frame at {time:.3f} s')
    return frame, begin


def frame_picture(frame: av.VideoFrame) -> np.ndarray:
    """Picture of a frame, turned as the container tells.

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
    return np.ascontiguousarray(np.rot90(picture, frame.rotation // 90))
