"""The pictures of a video: the one shown at a time, or all in order.

Shape legend: H, W picture height and width.
"""
import math
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Iterator, Optional, Tuple, Union

import av
import numpy as np
from av.container import InputContainer

from .clock import TimeStamps, clock_zero, exact_zero, track_start
from .container import (MediaError, decode_packets, open_container, open_media,
                        video_track)
from .length import announced_end, track_end
from .pixels import frame_picture, pixel_aspect

# Some containers round times to a millisecond.
_ROUNDING = 5e-4
# Time stamps that go back by more seconds begin anew: files were joined.
_JOINED = 1.0


@dataclass
class _Decoded:
    """A frame, when it is shown, and until when, in seconds."""
    frame: av.VideoFrame
    begin: Fraction
    end: Fraction


def _decode_from(container: InputContainer, stream: av.VideoStream,
                 time: float) -> Iterator[_Decoded]:
    """Decode from the key frame before a second on."""
    unit = Fraction(stream.time_base or Fraction(1, av.time_base))
    zero = exact_zero(stream)
    usual = 1 / Fraction(stream.average_rate or 25)
    try:
        # MPEG-TS misses its first key frame when asked for its exact time.
        target = float(zero) + time if time > 0 else track_start(stream) - 10
        container.seek(round(target / unit), stream=stream)
    except av.FFmpegError:  # AVI knows no time before its first
        with suppress(av.FFmpegError):  # a raw stream knows none
            container.seek(stream.start_time or 0, stream=stream)
    key: Optional[int] = None
    joined = Fraction(0)
    last: Optional[_Decoded] = None
    stamps = TimeStamps.of(container)

    def wanted(packet: av.Packet) -> bool:
        """MPEG-TS seeks to any packet; from there, frames are grey."""
        nonlocal key
        if key is None and packet.is_keyframe:
            key = packet.dts if packet.pts is None else packet.pts
            key = -sys.maxsize if key is None else key
        return key is not None

    for frames, wrong in decode_packets(container, stream, wanted):
        if wrong:
            raise MediaError(
                'undecodable', 'the pictures are damaged after '
                f'{float(last.end if last else 0):.2f} s ({wrong})')
        for frame in frames:
            stamp = stamps.best(frame.pts, frame.dts)
            follows = last.end if last else Fraction(max(time, 0))
            begin = follows if stamp is None else \
                stamp * unit - zero + joined
            if last and begin < last.begin - _JOINED:
                joined += follows - begin
                begin = follows
            length = (frame.duration or 0) * unit or usual
            last = _Decoded(frame, begin, begin + length)
            # Frames shown before their key frame may need an earlier one.
            if time <= 0 or stamp is None or stamp >= (key or 0):
                yield last


def _attempts(container: InputContainer, stream: av.VideoStream,
              time: float) -> Iterator[Tuple[Iterator[_Decoded], bool]]:
    """Decode from nearer and farther before a time; the last begins at 0.

    Seeking goes by decoding times in some containers, and by any packet in
    others: it may end at a key frame that is shown after ``time``.
    """
    for back in (0.0, 1.0, 10.0):
        if back < time:
            yield _decode_from(container, stream, time - back), False
    yield _decode_from(container, stream, 0.0), True


def decode_frame(container: InputContainer,
                 time: float,
                 clamp: bool = False) -> Tuple[av.VideoFrame, float]:
    """Decode the frame that is shown at a time.

    Before the first one is shown, it is that.

    Args:
        container (av.container.InputContainer): An open file.
        time (float): Second, not negative; see
            :func:`~fnac_mm.media.clock.clock_zero`.
        clamp (bool): Take the last frame for times after the end, instead of
            an error. Defaults to False.

    Returns:
        tuple[av.VideoFrame, float]: The frame and the second from which on
        it is shown.

    Raises:
        MediaError: ``no_video``, ``too_short``, ``truncated`` or
            ``undecodable``.
    """
    stream = video_track(container)
    for frames, is_last in _attempts(container, stream, time):
        shown: Optional[_Decoded] = None
        late = False
        for item in frames:
            late = item.begin > time + _ROUNDING
            if late and shown is not None:
                break
            shown = item
        if shown is not None and shown.begin <= time + _ROUNDING and \
                not shown.frame.is_corrupt or is_last:
            break
    if shown is None:
        raise MediaError('undecodable', 'no picture could be decoded')
    if shown.frame.is_corrupt:
        raise MediaError('undecodable', f'the picture at {time:.3f} s is '
                         'damaged')
    if not late and time > shown.end + _ROUNDING and not clamp:
        announced = track_end(stream)
        raise MediaError(
            'truncated' if announced > time else 'too_short',
            f'the video ends at {float(shown.end):.3f} s (announced: '
            f'{announced:.3f} s), no frame at {time:.3f} s')
    return shown.frame, float(shown.begin)


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
            stream = video_track(container)
            total = track_end(stream)
            if time is not None and not 0 <= time < total:
                raise ValueError(f'time={time} s is outside the video of '
                                 f'{total:.3f} s')
            wanted = time
            if wanted is None:
                begin = max(track_start(stream) - clock_zero(container), 0)
                wanted = (begin + total) / 2
            frame, _ = decode_frame(container, wanted, clamp=time is None)
            return frame_picture(frame), wanted
    except ValueError as error:
        raise ValueError(f'{path}: not a readable video ({error})') from error


@dataclass
class Frame:
    """A frame as a player shows it.

    Attributes:
        image (np.ndarray): (H, W, 3) uint8 RGB, upright.
        time (Fraction): Second, see
            :func:`~fnac_mm.media.clock.clock_zero`.
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
        aspect (Fraction, optional): Width of a pixel over its height, once
            a frame was read.
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
        # PyAV 19 has a type of its own, which can do less.
        self.time_base = Fraction(
            self._stream.time_base or Fraction(1, av.time_base))
        self.rate = Fraction(self._stream.average_rate or 25)
        self.aspect: Optional[Fraction] = None
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
        end = announced_end(self._stream)
        return None if end is None else min(end, self.stop) - self.start

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames with rising time stamps.

        Raises:
            ValueError: If a frame can't be decoded, or there is none.
        """
        last: Optional[Frame] = None
        try:
            for item in self._select():
                if last is not None and item.begin <= last.time:
                    continue
                image = frame_picture(item.frame)
                if last is None:
                    self.aspect = pixel_aspect(self._stream, item.frame)
                elif image.shape != last.image.shape:
                    raise ValueError(f'{self.path}: the size of the picture '
                                     f'changes at {float(item.begin):.2f} s; '
                                     'convert the video to one size first')
                last = Frame(image, item.begin, item.end - item.begin)
                yield last
        except (av.FFmpegError, MediaError) as error:
            where = float(last.time) if last else self.start
            raise ValueError(f'{self.path}: the video is damaged after '
                             f'{where:.2f} s ({error})') from error
        if last is None:
            raise ValueError(f'{self.path}: no frame between {self.start} s '
                             f'and {self.stop} s')

    def _select(self) -> Iterator[_Decoded]:
        """Frames of the part, no more than wanted."""
        due = 0
        for item in self._decode():
            shown = float(item.begin) + _ROUNDING
            if shown >= self.stop:
                return
            slot = math.floor(shown * (self.fps or 0))
            if shown < self.start or self.fps and slot < due:
                continue
            due = slot + 1
            yield item

    def _decode(self) -> Iterator[_Decoded]:
        """Frames from one on that is not after the start."""
        for frames, is_last in _attempts(self._container, self._stream,
                                         self.start):
            first = next(frames, None)
            if first is not None and (is_last or first.begin <= self.start):
                yield first
                yield from frames
                return
