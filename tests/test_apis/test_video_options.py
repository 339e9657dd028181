"""What may not be chosen."""
import pytest

from fnac_mm.apis import VideoOptions


@pytest.mark.parametrize('option, message', [
    (dict(every=0), 'every must be at least 1, got 0'),
    (dict(batch_size=0), 'batch_size must be at least 1'),
    (dict(threads=-1), 'threads must be at least 1'),
    (dict(duration=0.0), 'duration must be positive and finite, got 0.0'),
    (dict(fps=float('nan')), 'fps must be positive'),
    (dict(start=-1.0), 'start must not be negative, got -1.0'),
    (dict(alpha=1.5), r'alpha must be in \[0, 1\], got 1.5'),
    (dict(threshold=0.0), r'threshold must be in \(0, 1\], got 0.0'),
    (dict(smoothing='mean'), "smoothing must be one of .*got 'mean'"),
    (dict(smoothing_seconds=0.0), 'seconds must be positive'),
    (dict(protocol='best'), "unknown protocol 'best'"),
])
def test_refused(option: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VideoOptions(**option)


def test_unknown() -> None:
    with pytest.raises(TypeError, match='evry'):
        VideoOptions(evry=2)
