"""What may be chosen for the heat map of a video."""
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional, Tuple, Union

if TYPE_CHECKING:
    from fnac_mm.functional import MapSmoother, Protocol

_RULES: Tuple[Tuple[str, Tuple[str, ...], Callable[[float], bool]],
              ...] = (('be at least 1', ('every', 'batch_size', 'threads'),
                       lambda v: v >= 1), ('be positive and finite',
                                           ('duration', 'fps',
                                            'smoothing_seconds'),
                                           lambda v: 0 < v < math.inf),
                      ('not be negative', ('start', ),
                       lambda v: 0 <= v < math.inf),
                      ('be in [0, 1]', ('alpha', ), lambda v: 0 <= v <= 1),
                      ('be in (0, 1]', ('threshold', ), lambda v: 0 < v <= 1))


@dataclass(frozen=True)
class VideoOptions:
    """Options of :meth:`~fnac_mm.apis.LocalizationInferencer.infer_video`.

    Attributes:
        start (float): Second of the video to begin at. Defaults to 0.
        duration (float, optional): Seconds of it. None is to the end.
        every (int): The model looks at every Nth frame; those between
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
        for rule, names, holds in _RULES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not holds(value):
                    raise ValueError(f'{name} must {rule}, got {value}')
        if self.gain not in ('none', 'auto'):
            raise ValueError(f"gain must be 'none' or 'auto', got "
                             f'{self.gain!r}')
        # What only asks for the defaults need not wait for torch.
        if self.protocol != VideoOptions.protocol:
            from fnac_mm.functional import get_protocol
            get_protocol(self.protocol)
        if self.smoothing != VideoOptions.smoothing:
            self.smoother()

    def smoother(self) -> 'MapSmoother':
        """Make what smooths the maps of one video."""
        from fnac_mm.functional import MapSmoother
        return MapSmoother(self.smoothing, self.smoothing_seconds)
