"""How long a track is: what a header tells, and what its packets tell.

Only some containers have an index of what they hold. Of others (mp3, ADTS,
MPEG-TS and PS, FLV, what a browser records) FFmpeg guesses the length, or
nobody tells it: there the packets are counted.
"""
import os
from functools import lru_cache
from typing import Any, Optional, Tuple

import av

from .clock import clock_zero, track_start
from .container import MediaError, open_media, read_packets
from .pcm import wav_data_bytes

# Those whose header tells the length of each track.
_EXACT = ('mov', 'avi', 'w64', 'flac', 'ogg', 'aiff', 'caf', 'au')

# Seconds by which a file may be shorter than it announces.
MAX_SHORTAGE = 0.5


def packets_length(container: av.container.InputContainer,
                   stream: av.stream.Stream) -> float:
    """How long a track lasts, whatever the header says.

    Args:
        container (av.container.InputContainer): An open file; read to its
            end.
        stream (av.stream.Stream): One of its tracks.

    Returns:
        float: Seconds from the start of the track.

    Raises:
        MediaError: See :func:`~fnac_mm.media.container.read_packets`.
    """
    begin, end = None, 0.0
    ogg = 'ogg' in container.format.name
    for packet in read_packets(container, stream):
        if packet.pts is None or not packet.time_base or packet.is_corrupt:
            continue
        time = float(packet.pts * packet.time_base)
        begin = time if begin is None else min(begin, time)
        length = packet.duration or 0
        # Of Ogg's last packet FFmpeg tells a negative one, without the sign.
        length -= 2**32 if ogg and length >= 2**31 else 0
        end = max(end, time + float(length * packet.time_base))
    return end - max(begin or 0.0, track_start(stream))


@lru_cache(4096)
def _counted(path: str, identity: Tuple[int, int], index: int) -> float:
    """Count the packets of a track; remembered while the file is the same."""
    with open_media(path) as container:
        return packets_length(container, container.streams[index])


def _tagged_duration(stream: av.stream.Stream) -> Optional[float]:
    """Matroska, as FFmpeg writes it: the time at which the track ends."""
    try:
        hours, minutes, seconds = stream.metadata['DURATION'].split(':')
        end = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except (KeyError, ValueError):
        return None
    return max(end - track_start(stream), 0.0)


def _mp3_duration(stream: Any) -> Optional[float]:
    """By the index of an mp3, if that is of this file and not of a part."""
    path = stream.container.name
    with open(path, 'rb') as file:
        begin, head = 0, file.read(10)
        if head.startswith(b'ID3'):
            for part in head[6:]:
                begin = begin * 128 + (part & 127)
            begin += 10
        file.seek(begin)
        head = file.read(256)
    at = max(head.find(tag) for tag in (b'Xing', b'Info'))
    if at < 0 or not head[at + 7] & 1:
        return None
    frames, size = (
        int.from_bytes(head[at + k:at + k + 4], 'big') for k in (8, 12))
    if head[at + 7] & 2 and os.path.getsize(path) - begin > 1.1 * size:
        return None
    seconds = frames * (stream.codec_context.frame_size or 1152) / stream.rate
    told = _told(stream) or 0.0
    # FFmpeg leaves out what the encoder added at both ends.
    return told if abs(told - seconds) < 0.2 else seconds


def _wav_duration(stream: Any) -> Optional[float]:
    """By the header; FFmpeg shortens it to what is there."""
    size = wav_data_bytes(stream.container.name)
    rate = stream.codec_context.bit_rate
    return size * 8 / rate if size > 0 and rate else _told(stream)


def _told(stream: Any) -> Optional[float]:
    """What FFmpeg tells."""
    return float(stream.duration * stream.time_base) or None \
        if stream.duration else None


def announced_length(stream: av.stream.Stream) -> Optional[float]:
    """Length of a track by an index of the file.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float, optional: Seconds; None where nobody tells, or FFmpeg guesses.
    """
    kind = stream.container.format.name
    if kind == 'mp3':
        return _mp3_duration(stream)
    if kind == 'wav':
        return _wav_duration(stream)
    if kind.startswith('matroska'):
        return _tagged_duration(stream)
    return _told(stream) if kind.startswith(_EXACT) else None


def counted_length(stream: av.stream.Stream) -> float:
    """Length of a track by its packets.

    Args:
        stream (av.stream.Stream): A track; its file is opened once more.

    Returns:
        float: Seconds; 0 without packets.
    """
    path = stream.container.name
    state = os.stat(path)
    return max(
        _counted(path, (state.st_size, state.st_mtime_ns), stream.index), 0.0)


def _begin(stream: Any) -> float:
    """Second at which a track begins; negative for what is left out."""
    return track_start(stream) - clock_zero(stream.container)


def announced_end(stream: av.stream.Stream) -> Optional[float]:
    """Second at which a track ends, by an index of the file.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float, optional: Second, see
        :func:`~fnac_mm.media.clock.clock_zero`; None where nobody tells.
    """
    length = announced_length(stream)
    return None if length is None else max(_begin(stream) + length, 0.0)


def track_length(stream: av.stream.Stream) -> float:
    """Length of a track: by an index, else counted.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float: Seconds from its start.
    """
    length = announced_length(stream)
    return counted_length(stream) if length is None else length


def track_end(stream: av.stream.Stream) -> float:
    """Second at which a track ends, see :func:`track_length`.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float: Second, see :func:`~fnac_mm.media.clock.clock_zero`.
    """
    return max(_begin(stream) + track_length(stream), 0.0)


def check_complete(stream: av.stream.Stream,
                   end: float,
                   wanted: Optional[float] = None) -> None:
    """Compare the end of a track with its announced one.

    Args:
        stream (av.stream.Stream): A track.
        end (float): Second at which it ends.
        wanted (float, optional): Second up to which it is needed; None is
            all of it.

    Raises:
        MediaError: ``truncated``, if more than half a second is missing, or
            anything of a wav file. In files without an index nothing can be.
    """
    announced = announced_end(stream)
    is_pcm = stream.container.format.name == 'wav' and \
        stream.codec_context.name.startswith('pcm')
    allowed = 0.01 if is_pcm else MAX_SHORTAGE
    if announced is not None and \
            min(announced, wanted or announced) - end > allowed:
        raise MediaError(
            'truncated', f'the {stream.type} ends at {end:.1f} s, '
            f'{announced - end:.1f} s before its announced end; the file is '
            'cut off or damaged')


def check_whole(*streams: av.stream.Stream) -> None:
    """Count the packets of tracks and compare them with the index.

    Args:
        *streams (av.stream.Stream): Tracks.

    Raises:
        MediaError: ``truncated``, if one is cut off.
    """
    for stream in streams:
        if announced_length(stream) is not None:
            check_complete(stream, _begin(stream) + counted_length(stream))
