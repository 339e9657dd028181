"""What second of a file a time stamp is."""
from fractions import Fraction
from typing import Any, Dict, Optional

import av
from av.container import InputContainer

from .container import picture_track

# Seconds by which pictures begin later than the sound where both begin at 0.
LEAD_IN = 0.1


def track_start(stream: av.stream.Stream) -> float:
    """Time stamp of the first packet of a track.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        float: Seconds on the container's clock.
    """
    unit = stream.time_base or Fraction(1, av.time_base)
    return float((stream.start_time or 0) * unit)


def clock_zero(container: InputContainer) -> float:
    """What the container calls the moment that is second 0 here.

    Second 0 is when the first picture is shown or the first sound is heard,
    whichever is earlier, as players count. An encoder's lead-in does not
    count: pictures that begin up to 0.1 s after the sound begin at 0.

    Args:
        container (av.container.InputContainer): An open file.

    Returns:
        float: Seconds on the container's clock.
    """
    zero = max((container.start_time or 0) / av.time_base, 0.0)
    stream = picture_track(container)
    pictures = zero if stream is None else track_start(stream)
    return pictures if 0 < pictures - zero < LEAD_IN else zero


def exact_zero(stream: Any) -> Fraction:
    """:func:`clock_zero` without rounding, if a track begins then.

    Args:
        stream (av.stream.Stream): A track.

    Returns:
        Fraction: Seconds on the container's clock.
    """
    zero = clock_zero(stream.container)
    if abs(zero - track_start(stream)) < 2e-6 and stream.time_base:
        return (stream.start_time or 0) * Fraction(stream.time_base)
    return Fraction(zero).limit_denominator(av.time_base)


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
    def of(cls, container: InputContainer) -> 'TimeStamps':
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
