"""Frames of a time, of films whose pictures tell their index."""
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fnac_mm.media.container import MediaError, open_media
from fnac_mm.media.video import decode_frame, frame_picture
from ..media import index_frames, read_index, write_media

NTSC = Fraction(30000, 1001)
# B frames and an open group of pictures: key frames are shown after frames
# that follow them in the file.
X264 = dict(
    video_codec='libx264',
    video_options=dict(
        g='24', bf='3', preset='ultrafast', x264opts='open-gop=1:b-adapt=0'))
MPEG4 = dict(video_codec='mpeg4', video_options=dict(g='12', bf='2'))
VP9 = dict(
    video_codec='libvpx-vp9',
    video_options=dict(g='30', deadline='realtime', **{'cpu-used': '8'}))
FILMS = {
    'x264.mp4': X264,
    'x264.mkv': X264,
    'x264.ts': X264,
    'mpeg4.avi': dict(MPEG4, video_options=dict(g='12')),
    'mpeg4.mov': MPEG4,
    'vp9.webm': VP9,
}


def shown_at(path: Path, time: float) -> int:
    """Index of the frame by decoding the film from its start."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = sorted(container.decode(stream), key=lambda f: f.pts)
        start = frames[0].time
        begun = [f for f in frames if f.time - start <= time + 5e-4]
        return read_index(begun[-1].to_ndarray(format='rgb24'))


@pytest.fixture(scope='module', params=[25, NTSC, 10], ids=str)
def rate(request: pytest.FixtureRequest) -> Fraction:
    return Fraction(request.param)


@pytest.fixture(scope='module', params=FILMS)
def film(request: pytest.FixtureRequest, rate: Fraction,
         tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('films') / request.param
    return write_media(
        path,
        frames=index_frames(int(6 * rate)),
        fps=rate,
        **FILMS[request.param])


def test_frame_is_the_one_shown(film: Path, rate: Fraction) -> None:
    """By the index in its pixels, and by decoding everything."""
    for time in (0.0, 0.019, 0.51, 1.0, 2.9999, 3.3333, 4.0, 5.0, 5.9):
        with open_media(film) as container:
            frame, begin = decode_frame(container, time)
            index = read_index(frame_picture(frame))
        assert index == shown_at(film, time)
        assert index == int((Fraction(time) + Fraction(1, 2000)) * rate)
        assert begin == pytest.approx(float(index / rate), abs=1e-3)


def test_frame_125_of_the_25_fps_clip(tmp_path: Path) -> None:
    """On which the boxes of VGG-SS were drawn, counted from 0."""
    path = write_media(
        tmp_path / 'a.mp4', frames=index_frames(250), fps=25, **X264)
    with open_media(path) as container:
        frame, begin = decode_frame(container, 5.0)
    assert read_index(frame_picture(frame)) == 125 and begin == 5.0


@pytest.mark.parametrize('name', ['a.mp4', 'a.mkv', 'a.ts'])
def test_pictures_that_begin_after_the_sound(tmp_path: Path,
                                             name: str) -> None:
    path = write_media(
        tmp_path / name,
        np.zeros(32000, np.int16),
        codec='aac',
        frames=index_frames(30),
        first_frame=7)
    for time, index in ((0.0, 0), (0.69, 0), (1.08, 3)):
        with open_media(path) as container:
            frame, begin = decode_frame(container, time)
        assert read_index(frame_picture(frame)) == index
        # The sound's encoder begins a little before its first sample.
        assert begin == pytest.approx(0.7 + index / 10, abs=0.065)


def test_every_time_of_a_film_with_varying_rate(tmp_path: Path) -> None:
    """A frame is shown until the next one begins."""
    path = tmp_path / 'a.mkv'
    stamps = [0, 40, 80, 400, 2000, 2040, 3000]
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mpeg4', rate=1000)
        stream.height, stream.width = index_frames(1).shape[1:3]
        stream.bit_rate, stream.time_base = 8_000_000, Fraction(1, 1000)
        for index, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(index_frames(8)[index]), format='rgb24')
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for time, expected in ((0.39, 2), (0.4, 3), (1.99, 3), (2.01, 4), (2.9,
                                                                       5)):
        with open_media(path) as source:
            frame, begin = decode_frame(source, time)
        assert read_index(frame_picture(frame)) == expected
        assert begin == stamps[expected] / 1000


def test_frames_of_an_avi_with_packed_b_frames(shared: Path) -> None:
    """It has decoding times only; FFmpeg shows a frame one later than those.

    Presentation times that it guesses go back and forth.
    """
    path = shared / 'samples' / 'videos' / 'avi_44k.avi'
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    guessed = [frame.pts for frame in frames]
    assert guessed != sorted(guessed)
    for index in range(0, len(frames), 5):
        with open_media(path) as container:
            frame, begin = decode_frame(container, (index + 1) / 25)
        assert np.array_equal(
            frame_picture(frame), frames[index].to_ndarray(format='rgb24'))
        assert begin == pytest.approx((index + 1) / 25)


class TestTheEnd:
    """A frame is never that of another time."""

    @pytest.fixture()
    def film(self, tmp_path: Path) -> Path:
        return write_media(
            tmp_path / 'a.mkv',
            np.zeros(16000 * 8, np.int16),
            frames=index_frames(30))

    def test_last_moment(self, film: Path) -> None:
        with open_media(film) as container:
            assert read_index(frame_picture(decode_frame(container,
                                                         2.99)[0])) == 29

    def test_after_it(self, film: Path) -> None:
        """The sound goes on, and the header tells its length only."""
        with open_media(film) as container, pytest.raises(
                MediaError, match=r'ends at 3.000 s.*no frame at 5') as caught:
            decode_frame(container, 5.0)
        assert caught.value.kind == 'too_short'

    def test_clamped(self, film: Path) -> None:
        with open_media(film) as container:
            frame, begin = decode_frame(container, 5.0, clamp=True)
        assert read_index(frame_picture(frame)) == 29 and begin == 2.9


def test_one_thread(film: Path) -> None:
    with open_media(film) as container:
        decode_frame(container, 1.0)
        assert container.streams.video[0].codec_context.thread_count == 1
