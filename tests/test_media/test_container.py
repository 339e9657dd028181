"""Which media files are refused, and as what."""
import gc
import multiprocessing
import pickle
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import av
import numpy as np
import pytest

from fnac_mm.media.audio import SoundTrack
from fnac_mm.media.clock import TimeStamps, track_start
from fnac_mm.media.container import (MEDIA_FAULTS, MediaError, audio_track,
                                     open_media, video_track)
from fnac_mm.media.length import track_end
from fnac_mm.media.video import decode_frame, frame_picture
from ..media import break_film, index_frames, write_media

NOISE = np.random.default_rng(0).integers(-9000, 9000, 48000).astype(np.int16)


def use(path: Path) -> None:
    """Decode the picture at 1 s and all of the sound."""
    with open_media(path) as container:
        frame_picture(decode_frame(container, 1.0)[0])
    with SoundTrack(str(path)) as track:
        list(track.blocks())


def collect_and_use(path: Path) -> None:
    """As a forked process may."""
    gc.collect()
    use(path)


@pytest.fixture()
def film(tmp_path: Path) -> Callable[..., Path]:
    """Write a film of 3 s."""

    def write(name: str = 'a.mp4', **kwargs: object) -> Path:
        options: Dict[str, object] = dict(
            sound=NOISE, codec='aac', frames=index_frames(30))
        return write_media(tmp_path / name, **{**options, **kwargs})

    return write


@pytest.mark.parametrize('kind', [
    'empty', 'not_media', 'truncated', 'no_video', 'no_audio', 'too_short',
    'undecodable'
])
def test_every_fault_has_its_name(tmp_path: Path, kind: str) -> None:
    path = break_film(tmp_path / 'a.mp4', kind, 1.0)
    with pytest.raises(MediaError) as caught:
        use(path)
    assert caught.value.kind == kind in MEDIA_FAULTS
    assert str(tmp_path) not in caught.value.reason


@pytest.mark.parametrize('name, codec', [('a.mkv', 'aac'), ('a.avi', 'mp3'),
                                         ('a.mov', 'pcm_s16le')])
def test_cut_off_containers(film: Callable[..., Path], name: str,
                            codec: str) -> None:
    """Those whose index is at the front or is none."""
    path = film(name, codec=codec)
    if path.suffix == '.mov':
        path = film(name, codec=codec, options=dict(movflags='faststart'))
    content = path.read_bytes()
    use(path)
    path.write_bytes(content[:int(0.6 * len(content))])
    with pytest.raises(MediaError, match='before its announced end') as caught:
        use(path)
    assert caught.value.kind == 'truncated'


def test_folder_and_absent_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / 'absent.mp4'):
        with pytest.raises(MediaError) as caught, open_media(path):
            pass
        assert caught.value.kind == 'unreadable'


@pytest.mark.parametrize('text', [
    '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{0}\n#EXT-X-ENDLIST\n',
    'ffconcat version 1.0\nfile {0}\n'
])
def test_a_playlist_can_not_name_other_files(film: Callable[..., Path],
                                             text: str) -> None:
    other = film('other.ts')
    path = other.with_name('a.mp4')
    path.write_text(text.format(other))
    with pytest.raises(MediaError, match='not a media file') as caught:
        use(path)
    assert caught.value.kind == 'not_media'


def test_the_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / 'a.mp3'
    with av.open(str(path), 'w') as container:
        sound = container.add_stream('libmp3lame', rate=16000, layout='mono')
        cover = container.add_stream('mjpeg', rate=1)
        cover.width, cover.height, cover.pix_fmt = 160, 32, 'yuvj420p'
        cover.disposition = av.stream.Disposition.attached_pic.value
        picture = np.ascontiguousarray(index_frames(1)[0])
        container.mux(
            cover.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(cover.encode(None))
        block = av.AudioFrame.from_ndarray(NOISE[None, :1152], 's16p', 'mono')
        block.sample_rate = 16000
        container.mux(sound.encode(block))
        container.mux(sound.encode(None))
    with open_media(path) as container, pytest.raises(
            MediaError, match='no video track'):
        assert container.streams.video
        video_track(container)


@pytest.mark.parametrize('name', ['a.mp4', 'a.mkv', 'a.avi'])
def test_track_end(film: Callable[..., Path], name: str) -> None:
    """Of each track, also where only a tag tells it."""
    path = film(
        name, sound=NOISE[:24000], codec='mp3' if name[2] == 'a' else 'aac')
    with open_media(path) as container:
        assert track_end(video_track(container)) == pytest.approx(
            3.0, abs=0.11)
        assert track_end(audio_track(container)) == pytest.approx(
            1.5, abs=0.16)


def test_start_of_a_track(film: Callable[..., Path]) -> None:
    path = film('a.mov', codec='pcm_s16le', first_sample=8000)
    with open_media(path) as container:
        assert track_start(audio_track(container)) == 0.5
        assert track_start(video_track(container)) == 0.0


def test_errors_travel_between_processes() -> None:
    error = pickle.loads(pickle.dumps(MediaError('empty', 'nothing in it')))
    assert (error.kind, str(error)) == ('empty', 'nothing in it')


@pytest.mark.skipif(
    'fork' not in multiprocessing.get_all_start_methods(),
    reason='processes are not forked here')
def test_a_forked_process_waits_for_no_thread_of_its_parent(
        tmp_path: Path) -> None:
    """Those of PyAV 19 that resample sound and convert pictures."""
    paths = [
        write_media(
            tmp_path / f'{size}.mkv',
            NOISE,
            16000,
            'pcm_s16le',
            frames=index_frames(20, size)) for size in (64, 32)
    ]
    gc.disable()
    try:
        use(paths[0])
        with av.open(str(paths[0])) as container:
            next(container.decode(video=0)).to_ndarray(format='rgb24')
        process = multiprocessing.get_context('fork').Process(
            target=collect_and_use, args=(paths[1], ))
        process.start()
    finally:
        gc.enable()
    process.join(60)
    process.kill()
    process.join()
    assert process.exitcode == 0


@pytest.mark.parametrize('distrust, pairs, expected', [
    (False, [(0, -1), (2, 0), (4, 2)], [0, 2, 4]),
    (True, [(1, 1), (4, 2), (3, 3), (None, 4), (6, None)], [1, 2, 3, 4, 6]),
    (False, [(5, None), (None, None), (None, 8)], [5, None, 8]),
    (False, [(1, 1), (1, 2), (1, 3)], [1, 2, 3]),
])
def test_best_time_stamps(distrust: bool, pairs: List[Tuple[Optional[int],
                                                            Optional[int]]],
                          expected: List[Optional[int]]) -> None:
    stamps = TimeStamps(distrust)
    assert [stamps.best(*pair) for pair in pairs] == expected
