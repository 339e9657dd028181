"""What may be chosen for the heat map of a video."""
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Union

if TYPE_CHECKING:
    from fnac_mm.functional import MapSmoother, Protocol


def check_gain(gain: str) -> None:
    """Refuse what is no way to choose a gain.

    Args:
        gain (str): ``'none'`` or ``'auto'``.

    Raises:
        ValueError: If it is neither.
    """
    if gain not in ('none', 'auto'):
        raise ValueError(f"gain must be 'none' or 'auto', got {gain!r}")


@dataclass(frozen=True)
class VideoOptions:
    """Options of :meth:`~fnac_mm.apis.LocalizationInferencer.infer_video`.

    Attributes:
        start (float): Second of the video to begin at. Defaults to 0.
        duration (float, optional): Seconds of it. None is to the end.
        every (int): The model looks at one in so many frames; those between
            keep its map. Defaults to 1.
        fps (float, optional): At most this many frames per second in the
            output; others are left out. None keeps all.
        batch_size (int): Frames that the model sees at once. Defaults to 8.
        alpha (float): Opacity of the heat map. Defaults to 0.5.
        threshold (float): Level, of the map stretched to [0, 1], from which
            a pixel belongs to the region. Defaults to 0.5.
        smoothing (str): ``'none'``, ``'exponential'`` or ``'gaussian'``, see
            :class:`~fnac_mm.functional.MapSmoother`. Defaults to ``'none'``.
        smoothing_seconds (float): Its time. Defaults to 0.25.
        audio_track (int): Which audio track, from 0. Defaults to 0.
        protocol (str | Protocol): How maps are enlarged. Defaults to
            ``'fnac_test'``.
        gain (str): ``'auto'`` brings the sound to
            :data:`fnac_mm.functional.loudness.TARGET` before the model hears
            it; the output keeps its level. Defaults to ``'none'``.
        threads (int): Of the decoder and of the encoder. Defaults to 1.

    Raises:
        ValueError: If a value is out of range.
    """
    start: float = 0.0
    duration: Optional[float] = None
    every: int = 1
    fps: Optional[float] = None
    batch_size: int = 8
    alpha: float = 0.5
    threshold: float = 0.5
    smoothing: str = 'none'
    smoothing_seconds: float = 0.25
    audio_track: int = 0
    protocol: Union[str, 'Protocol'] = 'fnac_test'
    gain: str = 'none'
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ('every', 'batch_size', 'threads'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} must be at least 1, got '
                                 f'{getattr(self, name)}')
        for name in ('duration', 'fps'):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f'{name} must be positive and finite, got '
                                 f'{value}')
        if not 0 <= self.start < math.inf:
            raise ValueError(f'start must not be negative, got {self.start}')
        check_gain(self.gain)
        if not 0 <= self.alpha <= 1:
            raise ValueError(f'alpha must be in [0, 1], got {self.alpha}')
        if not 0 < self.threshold <= 1:
            raise ValueError('threshold must be in (0, 1], got '
                             f'{self.threshold}')
        # What only asks for the defaults need not wait for torch.
        if self.protocol != VideoOptions.protocol:
            from fnac_mm.functional import get_protocol
            get_protocol(self.protocol)
        if (self.smoothing,
                self.smoothing_seconds) != (VideoOptions.smoothing,
                                            VideoOptions.smoothing_seconds):
            self.smoother()

    def smoother(self) -> 'MapSmoother':
        """Make what smooths the maps.

        Returns:
            MapSmoother: For one video.
        """
        from fnac_mm.functional import MapSmoother
        return MapSmoother(self.smoothing, self.smoothing_seconds)
