"""Packets of a track, in order and on one clock, and what is in them."""
import math
from fractions import Fraction
from typing import Callable, Dict, Iterator, List, Optional, Tuple

import av

from .container import MediaError

# Places without a packet, one after the other, after which there is nothing.
_MAX_FAILURES = 100
# Files of these kinds may be joined byte by byte. Time stamps that leap ahead
# by more seconds are those of another part, as for the ffmpeg command.
JOINABLE = ('mpegts', 'mpeg')
_LONGEST_HOLE = 10.0


class _OneClock:
    """Lets time stamps go on where files were joined, as ffmpeg does.

    Where time stamps leave what a track lets expect, all tracks are moved:
    they stay beside each other.
    """

    def __init__(self) -> None:
        self._moves = [Fraction(0)]
        self._next: Dict[int, Fraction] = {}
        # What was expected before the last leap ahead.
        self._left: Dict[int, Fraction] = {}

    def set(self, packet: av.Packet, highest: float) -> None:
        """Move the next packet; MediaError if one alone leaps ahead."""
        if packet.dts is None or not packet.time_base:
            return
        unit, index = Fraction(packet.time_base), packet.stream.index
        time = packet.dts * unit
        expected = self._next.get(index, time + self._moves[-1])
        # The last of a part may come behind the first of the next one.
        move = min(
            self._moves[:-3:-1], key=lambda move: abs(time + move - expected))
        if not -1 <= time + move - expected <= highest:
            move = expected - time
            self._moves.append(move)
            if abs(time - self._left.get(index, time + 9)) < 1:
                raise MediaError(
                    'undecodable', 'the time stamps are damaged at '
                    f'{float(time):.2f} s')
        elif time + move - expected > 1:
            self._left[index] = expected - move
        shift = round(move / unit)
        packet.dts += shift
        if packet.pts is not None:
            packet.pts += shift
        self._next[index] = time + move + (packet.duration or 0) * unit


def read_packets(
    container: av.container.InputContainer,
    track: av.stream.Stream,
    on_damage: Callable[[str],
                        None] = lambda reason: None) -> Iterator[av.Packet]:
    """Packets of a track in the order of the file, on one clock.

    Args:
        container (av.container.InputContainer): An open file.
        track (av.stream.Stream): Of this file.
        on_damage (Callable): Told what is wrong where there is no packet;
            those behind it follow.

    Yields:
        av.Packet: The last is empty.

    Raises:
        MediaError: ``undecodable``, at a packet of a track that was not there
            when the file was opened: PyAV does not find it.
    """
    clock = _OneClock()
    tracks, highest = [track], math.inf
    if container.format.name in JOINABLE:
        tracks, highest = [
            other for other in container.streams
            if other.type in ('audio', 'video')
        ], _LONGEST_HOLE
    failures = 0
    while failures < _MAX_FAILURES:
        try:
            for packet in container.demux(*tracks):
                failures = 0
                clock.set(packet, highest)
                if packet.stream is track:
                    yield packet
            return
        except IndexError as error:
            raise MediaError(
                'undecodable',
                'a track begins in the midst of the file') from error
        except av.FFmpegError as error:
            failures += 1
            on_damage(error.strerror or str(error))


def _without_a_cut(packets: Iterator[av.Packet]) -> Iterator[av.Packet]:
    """Leave out the last packet of a file that ends within it.

    Others of doubtful content are decoded, as FFmpeg does: where transport
    streams are joined, they are whole.
    """
    held: Optional[av.Packet] = None
    for packet in packets:
        if held is not None and packet.size:
            yield held
        held = packet if packet.is_corrupt else None
        if held is None:
            yield packet


def decode_packets(
    container: av.container.InputContainer,
    track: av.stream.Stream,
    wanted: Callable[[av.Packet], bool] = lambda packet: True
) -> Iterator[Tuple[list, str]]:
    """Decode a track on and on, over what can't be decoded.

    Args:
        container (av.container.InputContainer): An open file.
        track (av.stream.Stream): Of this file.
        wanted (Callable): Whether to decode a packet.

    Yields:
        tuple[list, str]: Frames, and what is wrong before them, in words.
        Damage at the end of the file is not told: no packet follows it.

    Raises:
        MediaError: See :func:`read_packets`.
    """
    wrong: List[str] = []
    packets = read_packets(container, track, on_damage=wrong.append)
    for packet in filter(wanted, _without_a_cut(packets)):
        frames: list = []
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            # Titles in the midst of joined mp3 files are no damage.
            if bytes(packet)[:3] not in (b'ID3', b'TAG'):
                wrong.append(error.strerror or str(error))
        if frames:
            yield frames, wrong[0] if wrong and packet.size else ''
            wrong.clear()
