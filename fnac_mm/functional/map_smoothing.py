"""Maps of a video, smoothed in time as they arrive.

Shape legend: (h, w) positions.
"""
import math
from collections import deque
from typing import Deque, List, Optional, Tuple

import torch
from torch import Tensor

SMOOTHINGS = ('none', 'exponential', 'gaussian')
# Standard deviations on each side that count.
_REACH = 3.0


class MapSmoother:
    """Weighted means over time, of maps at times that may be uneven.

    ``'exponential'`` is causal: a map depends on the past alone, is given at
    once and follows a change with a lag of about ``seconds``.
    ``'gaussian'`` looks both ways, so that it does not lag, and gives each
    map ``3 * seconds`` later than it came.

    Args:
        kind (str): ``'none'``, ``'exponential'`` or ``'gaussian'``.
        seconds (float): Time constant, or standard deviation.

    Raises:
        ValueError: If the kind is unknown or ``seconds`` is not positive.

    Examples:
        >>> import torch
        >>> smoother = MapSmoother('exponential', 1.0)
        >>> first, = smoother.push(0.0, torch.zeros(7, 7))
        >>> second, = smoother.push(1.0, torch.ones(7, 7))
        >>> round(second.mean().item(), 3)
        0.632
    """

    def __init__(self, kind: str = 'none', seconds: float = 0.25) -> None:
        if kind not in SMOOTHINGS:
            raise ValueError(f'smoothing must be one of {SMOOTHINGS}, got '
                             f'{kind!r}')
        if not 0 < seconds < math.inf:
            raise ValueError('seconds must be positive and finite, got '
                             f'{seconds}')
        self.kind = kind
        self.seconds = seconds
        self._last: Optional[Tuple[float, Tensor]] = None
        self._near: Deque[Tuple[float, Tensor]] = deque()
        self._waiting: Deque[float] = deque()

    def push(self, time: float, map: Tensor) -> List[Tensor]:
        """Take the next map, give those that are known by now, in order.

        Args:
            time (float): Seconds, later than before.
            map (Tensor): (h, w), cosines.

        Returns:
            list[Tensor]: (h, w) each.
        """
        if self.kind == 'none':
            return [map]
        if self.kind == 'exponential':
            if self._last is not None:
                before, old = self._last
                map = torch.lerp(map, old,
                                 math.exp((before - time) / self.seconds))
            self._last = time, map
            return [map]
        self._near.append((time, map))
        self._waiting.append(time)
        return self._release(time - _REACH * self.seconds)

    def flush(self) -> List[Tensor]:
        """Give the rest, when no map follows.

        Returns:
            list[Tensor]: (h, w) each.
        """
        return self._release(math.inf)

    def _release(self, until: float) -> List[Tensor]:
        """Means around the waiting times up to this one."""
        released = []
        reach = _REACH * self.seconds
        while self._waiting and self._waiting[0] <= until:
            time = self._waiting.popleft()
            while self._near[0][0] < time - reach - 1e-9:
                self._near.popleft()
            near = [(t, m) for t, m in self._near if t <= time + reach + 1e-9]
            weights = torch.tensor([
                math.exp(-0.5 * ((t - time) / self.seconds)**2)
                for t, _ in near
            ])
            maps = torch.stack([m for _, m in near])
            weights = (weights / weights.sum()).to(maps)
            released.append(torch.einsum('t,thw->hw', weights, maps))
        return released
