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
        path (str): The file, if the message is to name it.
    """

    def __init__(self, kind: str, reason: str, path: str = '') -> None:
        super().__init__(f'{path}: {reason}' if path else reason)
        self.kind, self.reason, self.path = kind, reason, path

    def __reduce__(self) -> Tuple[type, tuple]:
        return type(self), (self.kind, self.reason, self.path)


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
    if not stream.codec_context.is_open:
        stream.codec_context.thread_count = 1
    return stream


def picture_track(container: _Input) -> Optional[av.VideoStream]:
    """First video track that is not the cover of a song.

    Args:
        container (av.container.InputContainer): An open file.

    Returns:
        av.VideoStream, optional: Not set up for decoding.
    """
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    return None


def video_track(container: _Input) -> av.VideoStream:
    """First video track that is not the cover of a song.

    Args:
        container (av.container.InputContainer): An open file.

    Returns:
        av.VideoStream: Decoded in one thread.

    Raises:
        MediaError: ``no_video`` or ``undecodable``.
    """
    stream = picture_track(container)
    if stream is None:
        raise MediaError('no_video', 'the file has no video track')
    return _in_one_thread(stream)


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
    if not streams:
        raise MediaError(
            'no_audio', 'the file has no audio track, so there is nothing to '
            'place; give it a sound of its own')
    if not 0 <= number < len(streams):
        raise MediaError(
            'no_audio', f'audio_track={number}, but it has {len(streams)} '
            'audio track(s), numbered from 0')
    return _in_one_thread(streams[number])


def check_channels(channels: int) -> None:
    """Refuse what PyAV would read beyond FFmpeg's table of channels.

    Args:
        channels (int): Of a track or frame.

    Raises:
        MediaError: ``undecodable``, above 8.
    """
    if channels > _MAX_CHANNELS:
        raise MediaError(
            'undecodable', f'the sound has {channels} channels; '
            f'at most {_MAX_CHANNELS} can be read')


def frame_samples(frame: av.AudioFrame) -> np.ndarray:
    """Samples (channels, S) of a decoded frame of a planar format.

    Errors as of :func:`check_channels`.
    """
    check_channels(frame.layout.nb_channels)
    return frame.to_ndarray()
