"""Frames of a video, one after the other."""
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Iterator, Optional, Tuple

import av
import numpy as np

from fnac_mm.functional.media_file import (MediaError, open_container,
                                           read_frames, video_track)
from fnac_mm.functional.media_frame import frame_picture
from fnac_mm.functional.time_stamps import TimeStamps


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
