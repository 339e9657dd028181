"""What the web page accepts."""
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fnac_mm.apis.web_demo.upload_limits import UploadLimits
from ...media import index_frames, write_media

SOUND = np.random.default_rng(0).integers(-9000, 9000, 24000, np.int16)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Media of 3 s at 8 kHz, 10 pictures a second."""
    folder = tmp_path_factory.mktemp('uploads')
    frames = index_frames(30)
    write_media(folder / 'film.mp4', SOUND, 8000, 'aac', frames)
    write_media(folder / 'mute.mp4', None, frames=frames)
    write_media(folder / 'sound.wav', SOUND, 8000)
    # As a browser records: no length is written.
    write_media(
        folder / 'live.webm',
        SOUND,
        48000,
        'libopus',
        frames,
        video_codec='libvpx',
        options=dict(live='1'))
    Image.new('RGB', (40, 30)).save(folder / 'picture.png')
    (folder / 'text.mp4').write_text('this is no film\n' * 99)
    (folder / 'text.png').write_text('this is no picture\n' * 99)
    (folder / 'playlist.mp4').write_text('ffconcat version 1.0\nfile '
                                         f'{folder}/film.mp4\n')
    return folder


@pytest.mark.parametrize('kind, name', [
    ('video', 'film.mp4'),
    ('video', 'live.webm'),
    ('sound', 'sound.wav'),
    ('sound', 'film.mp4'),
    ('picture', 'picture.png'),
])
def test_accepted(folder: Path, kind: str, name: str) -> None:
    limits = UploadLimits(max_seconds=3)
    getattr(limits, f'check_{kind}')(str(folder / name))


@pytest.mark.parametrize('limits, kind, name, words', [
    ({}, 'video', 'text.mp4', 'not a readable video'),
    ({}, 'video', 'playlist.mp4', 'not a readable video'),
    ({}, 'video', 'sound.wav', 'no video track'),
    ({}, 'video', 'mute.mp4', 'the video has no sound'),
    ({}, 'sound', 'text.mp4', 'not a readable recording'),
    ({}, 'sound', 'mute.mp4', 'no audio track'),
    ({}, 'picture', 'text.png', 'not a readable picture'),
    (dict(max_mb=1e-3), 'video', 'film.mp4', 'at most 0.001 MB'),
    (dict(max_seconds=2), 'video', 'film.mp4', 'at most 2 s'),
    (dict(max_seconds=2), 'video', 'live.webm', '3.0 s long'),
    (dict(max_seconds=2), 'sound', 'sound.wav', '3.0 s long'),
    (dict(max_megapixels=1e-3), 'picture', 'picture.png', '40 x 30 pixels'),
    (dict(max_megapixels=1e-3), 'video', 'film.mp4', '160 x 32 pixels'),
])
def test_refused(folder: Path, limits: dict, kind: str, name: str,
                 words: str) -> None:
    """In words that name the file, but not its folder."""
    with pytest.raises(ValueError, match=words) as caught:
        getattr(UploadLimits(**limits), f'check_{kind}')(str(folder / name))
    assert str(caught.value).startswith(f'{name}: ')
    assert str(folder) not in str(caught.value)


def test_a_packet_may_last_longer_than_2_to_the_31(tmp_path: Path) -> None:
    """Only Ogg's lengths are to be read as negative ones."""
    path = write_media(
        tmp_path / 'film.mp4',
        frames=index_frames(1),
        options=dict(video_track_timescale='1000000'))
    content = path.read_bytes()
    # The length stands behind version, number of entries and of packets.
    place = content.index(b'stts') + 16
    length = (2**31 + 10).to_bytes(4, 'big')
    path.write_bytes(content[:place] + length + content[place + 4:])
    with pytest.raises(ValueError, match='film.mp4: 2147.5 s long'):
        UploadLimits().check_video(str(path))


def test_limits_are_positive() -> None:
    with pytest.raises(ValueError, match='max_seconds must be positive'):
        UploadLimits(max_seconds=0)
