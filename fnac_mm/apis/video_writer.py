"""An mp4 of drawn frames and the sound of their source."""
import math
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Optional, Tuple, Type

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from fnac_mm.apis.sound_copy import SoundCopy

# The first that FFmpeg has here. mpeg4 is always there, and larger.
_ENCODERS: Tuple[Tuple[str, Dict[str, str]], ...] = (
    ('libx264', dict(crf='20', preset='veryfast')),
    ('mpeg4', dict(qscale='4')),
)
# mpeg4 knows no finer time stamps.
_FINEST = 60000


def find_encoder() -> Tuple[str, Dict[str, str]]:
    """Encoder for the pictures.

    Returns:
        tuple[str, dict]: Its name in FFmpeg, and options.
    """
    return next((name, options) for name, options in _ENCODERS
                if name in av.codecs_available)


class VideoWriter:
    """Write H.264 and a sound track; a context manager.

    The file appears under its name when it is complete. Sides of odd length
    get one more row or column, a copy of the last, as H.264 wants; the
    colours are those of BT.709.

    Args:
        path (Path): File to write, mp4.
        size (tuple[int, int]): (H, W) of the frames.
        time_base (Fraction): Seconds of a unit of their time stamps.
        rate (Fraction): Average number of frames per second.
        sound (SoundCopy, optional): What is heard.
        aspect (Fraction, optional): Width of a pixel over its height.
        threads (int): Of the encoder. Defaults to 1.

    Raises:
        OSError: If the file can't be written.
    """

    def __init__(self,
                 path: Path,
                 size: Tuple[int, int],
                 time_base: Fraction,
                 rate: Fraction,
                 sound: Optional[SoundCopy] = None,
                 aspect: Optional[Fraction] = None,
                 threads: int = 1) -> None:
        self.path, self.size = path, size
        self.draft = path.with_name(f'.{os.getpid()}.part')
        self.sound = sound
        self._output: Any = av.open(str(self.draft), 'w', format='mp4')
        name, options = find_encoder()
        # A part may begin between two ticks.
        time_base /= math.ceil(time_base * 90000)
        if name == 'mpeg4':
            time_base = Fraction(1, _FINEST)
        stream: Any = self._output.add_stream(
            name, rate=rate.limit_denominator(_FINEST), options=options)
        stream.height, stream.width = (side + side % 2 for side in size)
        stream.pix_fmt = 'yuv420p'
        self._stream, context = stream, stream.codec_context
        context.time_base = self.time_base = time_base
        context.thread_count = threads
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        if aspect:
            context.sample_aspect_ratio = aspect
        if sound is not None:
            sound.attach(self._output)
        self._durations: Dict[int, int] = {}

    def write(self, image: np.ndarray, time: Fraction,
              duration: Fraction) -> None:
        """Add a frame and the sound before it.

        Args:
            image (np.ndarray): (H, W, 3) uint8 RGB.
            time (Fraction): Seconds, later than the frame before.
            duration (Fraction): Seconds; tells when the last frame ends.
        """
        odd = [(0, side % 2) for side in self.size]
        picture = av.VideoFrame.from_ndarray(
            np.pad(image, (*odd, (0, 0)), 'edge'), format='rgb24')
        # Of its own, with one thread: see frame_picture.
        picture = VideoReformatter().reformat(
            picture,
            format='yuv420p',
            dst_colorspace=Colorspace.ITU709,
            threads=1)
        picture.pts = round(time / self.time_base)
        picture.time_base = self.time_base
        self._durations[picture.pts] = round(duration / self.time_base)
        if self.sound is not None:
            self.sound.copy_until(float(time))
        self._encode(picture)

    def _encode(self, picture: Optional[av.VideoFrame]) -> None:
        """Encode a frame; None empties the encoder."""
        for packet in self._stream.encode(picture):
            # Packets come in another order than frames.
            packet.duration = self._durations.pop(packet.pts, 0)
            self._output.mux(packet)

    def __enter__(self) -> 'VideoWriter':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        try:
            if kind is None:
                self._encode(None)
                if self.sound is not None:
                    self.sound.copy_until(float('inf'))
            self._output.close()
            if kind is None:
                os.replace(self.draft, self.path)
        finally:
            self.draft.unlink(missing_ok=True)
