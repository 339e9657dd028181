"""The pictures of a video: the one shown at a time, or all in order.

Shape legend: H, W picture height and width.
"""
import math
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Iterator, List, Optional, Tuple, Union

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter

from .container import (MediaError, TimeStamps, open_container, open_media,
                        read_frames, read_packets, video_track)
from .length import announced_duration, track_start

# Some containers round times to a millisecond.
_ROUNDING = 5e-4


def _frames_from(container: InputContainer, stream: av.VideoStream,
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


def decode_frame(container: InputContainer,
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


@dataclass
class Frame:
    """A frame as a player shows it.

    Attributes:
        image (np.ndarray): (H, W, 3) uint8 RGB, upright.
        time (Fraction): Seconds, on the clock of the file.
        duration (Fraction): Seconds.
    """
    image: np.ndarray
    time: Fraction
    duration: Fraction


class VideoReader:
    """Decode a video, or a part of it, with constant memory.

    Args:
        path (str): File.
        start (float): Second of the file to begin at. Defaults to 0.
        duration (float, optional): Seconds to read. None is to the end.
        fps (float, optional): Leave frames out, so that there are at most
            this many in a second.
        threads (int): Of the decoder. Defaults to 1.

    Attributes:
        time_base (Fraction): Seconds of a unit of time stamps.
        rate (Fraction): Average number of frames per second.
        aspect (Fraction, optional): Width of a pixel over its height.
        origin (float): Time of the file's first frame or sound, at which a
            player shows 0.
        seconds (float, optional): How long the part lasts, if known.

    Raises:
        ValueError: If it can't be read as video, or ``start`` lies behind
            its end.
    """

    def __init__(self,
                 path: str,
                 start: float = 0.0,
                 duration: Optional[float] = None,
                 fps: Optional[float] = None,
                 threads: int = 1) -> None:
        self.path = path
        try:
            self._container = open_container(path)
        except MediaError as error:
            raise ValueError(
                f'{path}: not a readable video ({error})') from error
        try:
            self._stream = video_track(self._container)
        except MediaError as error:
            self.close()
            raise ValueError(f'{path}: {error}') from error
        self._stream.codec_context.thread_count = threads
        # PyAV 19 has a type of its own, which can less.
        self.time_base = Fraction(
            self._stream.time_base or Fraction(1, av.time_base))
        self.rate = Fraction(self._stream.average_rate or 25)
        aspect = self._stream.codec_context.sample_aspect_ratio
        self.aspect = Fraction(aspect) if aspect else None
        self.origin = max(self._container.start_time or 0, 0) / av.time_base
        self.start, self.stop = start, start + (duration or math.inf)
        self.fps = fps
        self.seconds = self._length()
        if self.seconds is not None and self.seconds <= 0:
            self.close()
            raise ValueError(f'{path}: start={start} s is not inside of the '
                             'video')

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _length(self) -> Optional[float]:
        """Seconds between start and stop, or None if nobody wrote them."""
        if self._stream.duration is not None:
            total = float(self._stream.duration * self.time_base)
        elif self._container.duration is not None:
            total = self._container.duration / av.time_base
        else:
            return None
        return min(total, self.stop) - self.start

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames with rising time stamps.

        Raises:
            ValueError: If a frame can't be decoded, or there is none.
        """
        last: Optional[Frame] = None
        try:
            for frame, time in self._select():
                # Where time stamps go back, there is no way to tell.
                if last is not None and time <= last.time:
                    continue
                image = frame_picture(frame)
                if last is not None and image.shape != last.image.shape:
                    raise ValueError(f'{self.path}: the size of the picture '
                                     f'changes at {float(time):.2f} s; '
                                     'convert the video to one size first')
                length = (frame.duration or 0) * self.time_base
                last = Frame(image, time, length or 1 / self.rate)
                yield last
        except (av.FFmpegError, MediaError) as error:
            where = float(last.time) if last else self.start
            raise ValueError(f'{self.path}: the video is damaged after '
                             f'{where:.2f} s ({error})') from error
        if last is None:
            raise ValueError(f'{self.path}: no frame between {self.start} s '
                             f'and {self.stop} s')

    def _select(self) -> Iterator[Tuple[av.VideoFrame, Fraction]]:
        """Frames and times of the part, no more than wanted."""
        due = 0
        for frame, time in self._decode():
            # Half a millisecond, because some containers round to one.
            shown = float(time) - self.origin + 5e-4
            if shown >= self.stop:
                return
            slot = math.floor(shown * (self.fps or 0))
            if shown < self.start or self.fps and slot < due:
                continue
            due = slot + 1
            yield frame, time

    def _decode(self) -> Iterator[Tuple[av.VideoFrame, Fraction]]:
        """Frames and their times, from a little before the start."""
        if self.start > 0:
            offset = int((self.start + self.origin) / self.time_base)
            self._container.seek(offset, stream=self._stream)
        guess = TimeStamps.of(self._container)
        for index, frame in enumerate(
                read_frames(self._container, self._stream)):
            stamp = guess.best(frame.pts, frame.dts)
            if stamp is None:
                # Raw streams have no time stamps at all.
                yield frame, index / self.rate
            else:
                yield frame, stamp * self.time_base
