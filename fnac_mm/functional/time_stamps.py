"""When the frames of a video are shown, where its container tells badly."""
from typing import Dict, Optional

from av.container import InputContainer


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
            container (InputContainer): An open file.

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
