"""Which files are media."""
import pytest

from fnac_mm.media import is_hidden, media_kind


@pytest.mark.parametrize('name, kind', [
    ('a/b.JPG', 'picture'), ('b.tiff', 'picture'), ('c.WAV', 'sound'),
    ('d.mts', 'video'), ('e.jxl', 'unread picture'), ('notes.txt', None),
    ('a/._b.jpg', None), ('.jpg', None), ('jpg', None)
])  # yapf: disable
def test_kind(name: str, kind: str) -> None:
    assert media_kind(name) == kind


def test_hidden() -> None:
    assert is_hidden('.hidden/._a.jpg') and not is_hidden('.hidden/a.jpg')
