"""Where the window of a recording begins."""
from typing import Optional


def window_start(total: float, duration: float,
                 start: Optional[float]) -> float:
    """Start of the window in seconds; ``None`` asks for the centre.

    Args:
        total (float): Length of the recording in seconds.
        duration (float): Length of the window in seconds.
        start (float, optional): Wanted start in seconds.

    Returns:
        float: The start, never negative.

    Raises:
        ValueError: If ``start`` is outside the recording.
    """
    if start is None:
        return max(total / 2 - duration / 2, 0.0)
    if not 0 <= start < total:
        raise ValueError(f'start={start} s is outside the recording of '
                         f'{total:.3f} s')
    return float(start)


def sample_index(seconds: float, rate: int) -> int:
    """Sample at a time, rounded down.

    Args:
        seconds (float): Time.
        rate (int): Hz.

    Returns:
        int: 50715 for 2.3 s at 22050 Hz, whose product is 50714.99999.
    """
    return int(seconds * rate + 1e-6)
