"""How long a track is: what its header tells."""
from fractions import Fraction

import av

from .container import MediaError

# Those whose header tells a length; of others FFmpeg guesses it.
_ANNOUNCING = ('mov', 'matroska', 'avi', 'wav', 'flac')

# Seconds that a file may hold less than it announces.
MAX_SHORTAGE = 0.5


def track_start(stream: av.stream.Stream) -> float:
    """Time stamp of the first packet of a track.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float: Seconds on the container's clock.
    """
    unit = stream.time_base or Fraction(1, av.time_base)
    return float((stream.start_time or 0) * unit)


def announced_duration(stream: av.stream.Stream) -> float:
    """Length of a track as the header tells, or of the container.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float: Seconds, 0 if nobody tells.
    """
    unit = stream.time_base or Fraction(1, av.time_base)
    if stream.duration is not None:
        return float(stream.duration * unit)
    try:  # Matroska, as FFmpeg writes it: the time at which the track ends
        hours, minutes, seconds = stream.metadata['DURATION'].split(':')
        end = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return max(end - track_start(stream), 0.0)
    except (KeyError, ValueError):
        return container_duration(stream)


def container_duration(stream: av.stream.Stream) -> float:
    """Seconds from the start of a track to the end of its container.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float: Seconds, 0 if nobody tells.
    """
    container = stream.container
    begin = (getattr(container, 'start_time', None) or 0) / av.time_base
    total = (getattr(container, 'duration', None) or 0) / av.time_base
    return max(total - (track_start(stream) - begin), 0.0)


def announces_length(container: av.container.Container) -> bool:
    """Whether a header tells the length that a file should have.

    Args:
        container (av.container.Container): An open file.

    Returns:
        bool: False where FFmpeg guesses it from what is there.
    """
    return container.format.name.startswith(_ANNOUNCING)


def check_complete(stream: av.stream.Stream, end: float) -> None:
    """Compare the end of a track with its announced one.

    Args:
        stream (av.stream.Stream): A track.
        end (float): Seconds from its start at which its packets end.

    Raises:
        MediaError: ``truncated``, if more than half a second is missing. In
            containers whose header tells no length nothing can be.
    """
    if not announces_length(stream.container):
        return
    announced = announced_duration(stream)
    if announced - end > MAX_SHORTAGE:
        raise MediaError(
            'truncated', f'the {stream.type} ends at {end:.1f} s, '
            f'{announced - end:.1f} s before its announced end')
