"""One's own videos: frames, sounds, ids and windows."""
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from fnac_mm.apis import read_video_frame
from fnac_mm.functional import load_waveform
from fnac_mm.preparation.videos import name_videos
from tests.media import index_frames, sample_ramp, write_media
from .raw_media import picture_index, read_manifest, run_tool

run = partial(run_tool, 'prepare_videos')

SAMPLES = dict(
    avi_44k=('avi_44k.avi', 44100, 'mp3float', 1),
    h264_aac_44k=('h264_aac_44k.mp4', 44100, 'aac', 1),
    nasa_13013=('nasa_13013.mp4', 8000, 'aac', 2))


def film(path: Path, seconds: int = 4) -> Path:
    """A film of 10 frames a second whose frames and samples tell an index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_media(
        path, sample_ramp(16000 * seconds), frames=index_frames(10 * seconds))


class TestRealFilms:
    """Three containers; one has two sounds, one an mp3 track."""

    @pytest.fixture(scope='class')
    def prepared(self, shared: Path,
                 tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp('films') / 'out'
        run(shared / 'samples' / 'videos', folder, '--frame', '5',
            '--image-format', 'png')
        return folder

    @pytest.mark.parametrize('name', SAMPLES)
    def test_frame(self, shared: Path, prepared: Path, name: str) -> None:
        """Against decoding from the start; as inference reads it."""
        path = shared / 'samples' / 'videos' / SAMPLES[name][0]
        with av.open(str(path)) as container:
            frame = next(
                f for f in container.decode(video=0) if f.time >= 5.0 - 1e-9)
        assert frame.time == 5.0
        made = np.asarray(Image.open(prepared / 'frames' / f'{name}.png'))
        assert np.array_equal(made, frame.to_ndarray(format='rgb24'))
        assert np.array_equal(made, read_video_frame(path, 5.0)[0])

    @pytest.mark.parametrize('name', SAMPLES)
    def test_sound(self, shared: Path, prepared: Path, name: str) -> None:
        """The wav loads as the film itself does, to half a 16-bit step."""
        source, rate, codec, tracks = SAMPLES[name]
        wav = prepared / 'audio' / f'{name}.wav'
        for start in (None, 0.0, 2.3):
            ours, found = load_waveform(wav, 3.0, start)
            theirs, _ = load_waveform(shared / 'samples' / 'videos' / source,
                                      3.0, start)
            assert found == rate
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0.51 / 32767)
        record = read_manifest(prepared)[name]['outputs'][1]
        assert record['samples'] == soundfile.info(wav).frames
        assert (record['codec'], record['track'], record['tracks'],
                record['channels']) == (codec, 0, tracks, 2)

    def test_the_other_track(self, shared: Path, tmp_path: Path) -> None:
        """Only one film has it."""
        run(shared / 'samples' / 'videos', tmp_path / 'out', '--audio-track',
            1)
        records = read_manifest(tmp_path / 'out')
        assert records['nasa_13013']['outputs'][1]['sample_rate'] == 16000
        assert [r.get('failure')
                for r in records.values()] == ['no_audio', 'no_audio', None]
        assert (tmp_path / 'out' / 'list.txt').read_text() == 'nasa_13013\n'


def test_ids_are_paths(tmp_path: Path) -> None:
    film(tmp_path / 'raw' / 'a b' / 'c.d.mov')
    film(tmp_path / 'raw' / 'x.mov')
    film(tmp_path / 'raw' / 'x.mkv')
    film(tmp_path / 'raw' / 'y.AVI')
    (tmp_path / 'raw' / 'notes.txt').write_text('no film')
    run(tmp_path / 'raw', tmp_path / 'out')
    assert (tmp_path / 'out' / 'list.txt').read_text().split('\n') == [
        'a b_c.d', 'x_mkv', 'x_mov', 'y', ''
    ]


def test_ids_that_can_not_differ_are_refused() -> None:
    with pytest.raises(SystemExit, match='rename one'):
        name_videos(['a/b.mp4', 'a_b.mp4'])


def test_windows(tmp_path: Path) -> None:
    """Of 11 s and of 2 s, cut into 3 s; the rest is left out."""
    film(tmp_path / 'raw' / 'long.mov', 11)
    film(tmp_path / 'raw' / 'short.mov', 2)
    (tmp_path / 'raw' / 'bad.mp4').write_bytes(b'')
    out = tmp_path / 'out'
    run(tmp_path / 'raw', out, '--window', 3, '--frame', '1.2')
    ids = [f'long_{second:06d}' for second in (0, 3, 6)] + ['short']
    assert (out / 'list.txt').read_text().split() == ids
    ramp = sample_ramp(11 * 16000)
    for number, name in enumerate(ids[:3]):
        assert picture_index(out / 'frames' /
                             f'{name}.jpg') == 30 * number + 12
        samples, _ = soundfile.read(
            out / 'audio' / f'{name}.wav', dtype='int16')
        assert np.array_equal(samples,
                              ramp[48000 * number:48000 * (number + 1)])
    records = read_manifest(out)
    assert records['bad']['failure'] == 'empty'
    assert (records['long_000003']['begin'],
            records['long_000003']['end']) == (3.0, 6.0)


@pytest.mark.parametrize('rule, low, high', [('middle', 45, 45),
                                             ('first', 30, 30),
                                             ('random', 30, 59)])
def test_rules_are_those_of_the_window(tmp_path: Path, rule: str, low: int,
                                       high: int) -> None:
    film(tmp_path / 'raw' / 'a.mov', 7)
    run(tmp_path / 'raw', tmp_path / 'out', '--window', 3, '--frame', rule)
    index = picture_index(tmp_path / 'out' / 'frames' / 'a_000003.jpg')
    assert low <= index <= high
