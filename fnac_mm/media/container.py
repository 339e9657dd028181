"""Opening media files with FFmpeg's libraries, and why one can't be used."""
import gc
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Tuple, Union

import av
import numpy as np

# Kinds of media that can't be used, with what they mean.
MEDIA_FAULTS = dict(
    unreadable='the file may not be read, or is no ordinary file',
    empty='the file has no bytes',
    not_media='FFmpeg knows no such container',
    truncated='the file ends before its announced end',
    no_video='there is no video track',
    no_audio='there is no such audio track',
    too_short='the video ends before the time of the frame',
    undecodable='FFmpeg can open the file, but not decode it')

# Containers that hold their own media. Playlists (HLS, concat) would make
# FFmpeg open whatever a downloaded file names.
_CONTAINERS = (
    'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,'
    'ogg,asf,m4v,h264,hevc,mp3,aac,ac3,amr,wav,w64,flac,aiff,au,caf,'
    'wv,nut')
_MAGIC = ((4, b'ftyp'), (4, b'moov'), (0, b'\x1aE\xdf\xa3'), (0, b'RIFF'))

_MAX_CHANNELS = 8

# Titles and the like may hold any bytes; PyAV 19 replaces them unasked.
_ANY_BYTES: Dict[str, Any] = {} if int(
    av.__version__.split('.')[0]) >= 19 else dict(metadata_errors='replace')

# PyAV's resamplers are freed by the garbage collector, and since PyAV 19 that
# waits for their threads. A forked process (a dataloader's worker) has none of
# its parent's and would wait for ever: it leaves what it inherits alone.
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=gc.freeze)

_Input = av.container.InputContainer


class MediaError(ValueError):
    """A media file that can't be used.

    Args:
        kind (str): One of :data:`MEDIA_FAULTS`.
        reason (str): What was found.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind

    def __reduce__(self) -> Tuple[type, tuple]:
        return type(self), (self.kind, str(self))


def _read_head(path: str) -> bytes:
    """First bytes; MediaError if there are none to read."""
    if not os.path.isfile(path):
        raise MediaError('unreadable', 'no such file, or not an ordinary one')
    try:
        with open(path, 'rb') as file:
            head = file.read(12)
    except OSError as error:
        raise MediaError('unreadable', error.strerror or str(error)) from error
    if not head:
        raise MediaError('empty', 'the file has 0 bytes')
    return head


def open_container(path: Union[str, Path]) -> _Input:
    """Open a media file, and no other file that it names.

    Args:
        path (str | Path): The file.

    Returns:
        av.container.InputContainer: To be closed by the caller.

    Raises:
        MediaError: If it can't be opened.
    """
    path = os.path.abspath(path)
    head = _read_head(path)
    try:
        return av.open(
            path,
            **_ANY_BYTES,
            # With "options", PyAV 15 and 16 crash on intact FLV files.
            container_options=dict(format_whitelist=_CONTAINERS))
    except av.FFmpegError as error:
        if any(head[at:at + len(word)] == word for at, word in _MAGIC):
            raise MediaError(
                'truncated', 'begins as a media file, but its index or '
                f'header is missing ({error.strerror})') from error
        raise MediaError('not_media',
                         f'not a media file ({error.strerror})') from error


@contextmanager
def open_media(path: Union[str, Path]) -> Iterator[_Input]:
    """Open a media file; all that goes wrong with it is a MediaError.

    Args:
        path (str | Path): The file.

    Yields:
        av.container.InputContainer: Closed afterwards.

    Raises:
        MediaError: If the file can't be opened, or decoded later on.
    """
    with open_container(path) as container:
        try:
            yield container
        except av.FFmpegError as error:
            raise MediaError('undecodable', error.strerror
                             or type(error).__name__) from error


def _in_one_thread(stream: Any) -> Any:
    """Set a track up for decoding."""
    if stream.codec_context is None:
        raise MediaError(
            'undecodable',
            f'FFmpeg does not know the codec of the {stream.type}')
    stream.codec_context.thread_count = 1
    return stream


def video_track(container: _Input) -> av.VideoStream:
    """First video track that is not the cover of a song.

    Args:
        container (av.container.InputContainer): An open file.

    Returns:
        av.VideoStream: Decoded in one thread.

    Raises:
        MediaError: ``no_video`` or ``undecodable``.
    """
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return _in_one_thread(stream)
    raise MediaError('no_video', 'the file has no video track')


def audio_track(container: _Input, number: int = 0) -> av.AudioStream:
    """An audio track.

    Args:
        container (av.container.InputContainer): An open file.
        number (int): Among the audio tracks. Defaults to 0, the first.

    Returns:
        av.AudioStream: Decoded in one thread.

    Raises:
        MediaError: ``no_audio`` or ``undecodable``.
    """
    streams = container.streams.audio
    if number >= len(streams):
        raise MediaError(
            'no_audio', f'the file has {len(streams)} audio tracks, wanted '
            f'number {number}' if streams else 'the file has no audio track')
    return _in_one_thread(streams[number])


def read_packets(container: _Input, *tracks:
                 av.stream.Stream) -> Iterator[av.Packet]:
    """Packets of some tracks in the order of the file.

    Args:
        container (av.container.InputContainer): An open file.
        *tracks (av.stream.Stream): Of this file.

    Yields:
        av.Packet: The last of each track is empty.

    Raises:
        MediaError: ``undecodable``, at a packet of a track that was not there
            when the file was opened: PyAV does not find it.
    """
    try:
        yield from container.demux(*tracks)
    except IndexError as error:
        raise MediaError('undecodable',
                         'a track begins in the midst of the file') from error


def read_frames(container: _Input, track: av.stream.Stream) -> Iterator[Any]:
    """Decode a track.

    Args:
        container (av.container.InputContainer): An open file.
        track (av.stream.Stream): Of this file.

    Yields:
        av.AudioFrame | av.VideoFrame: By the kind of the track.

    Raises:
        MediaError: See :func:`read_packets`.
    """
    for packet in read_packets(container, track):
        yield from packet.decode()


def frame_samples(frame: av.AudioFrame) -> np.ndarray:
    """Samples of a piece of sound.

    Args:
        frame (av.AudioFrame): Decoded, of a planar format.

    Returns:
        np.ndarray: (channels, S).

    Raises:
        MediaError: ``undecodable``, above 8 channels: PyAV would read beyond
            FFmpeg's table of them.
    """
    channels = frame.layout.nb_channels
    if channels > _MAX_CHANNELS:
        raise MediaError(
            'undecodable', f'the sound has {channels} channels; '
            f'at most {_MAX_CHANNELS} can be read')
    return frame.to_ndarray()


class TimeStamps:
    """After FFmpeg's best effort: presentation times unless they go back.

    The difference: where a frame lacks one of its two times, FFmpeg compares
    the next frame's with the other one in its place; here with the last one
    of its own kind.

    Args:
        distrust (bool): Whether presentation times are guesses from the
            start on. Defaults to False.
    """

    def __init__(self, distrust: bool = False) -> None:
        self._last: Dict[str, int] = {}
        self._faults = dict(pts=int(distrust), dts=0)

    @classmethod
    def of(cls, container: _Input) -> 'TimeStamps':
        """Those of a file that is decoded from anywhere on.

        Args:
            container (av.container.InputContainer): An open file.

        Returns:
            TimeStamps: An avi has no presentation times: what says so was
            guessed, wrongly where there are B frames.
        """
        return cls(container.format.name == 'avi')

    def best(self, pts: Optional[int], dts: Optional[int]) -> Optional[int]:
        """The more credible time stamp of the next frame.

        Args:
            pts (int, optional): Its presentation time.
            dts (int, optional): Its decoding time.

        Returns:
            int, optional: One of the two; None if there is none.
        """
        for name, value in (('pts', pts), ('dts', dts)):
            if value is not None:
                self._faults[name] += value <= self._last.get(name, value - 1)
                self._last[name] = value
        trusted = self._faults['pts'] <= self._faults['dts']
        return pts if dts is None or pts is not None and trusted else dts
