"""A video in, a video out: picture, sound and time agree."""
import json
import warnings
from pathlib import Path
from typing import Dict, Tuple

import av
import numpy as np
import pytest
import torch

from fnac_mm.apis import LocalizationInferencer
from fnac_mm.models import AVDataPreprocessor
from ..media import write_media

RATE = 8000
RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 255, (30, 32, 48, 3), np.uint8)
SOUND = RNG.integers(-9000, 9000, 3 * RATE, np.int16)


@pytest.fixture(scope='module')
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('film')
    return write_media(folder / 'film.mkv', SOUND, RATE, frames=FRAMES)


def read_frames(path: str) -> Tuple[np.ndarray, np.ndarray]:
    """Times and pictures."""
    with av.open(path) as container:
        frames = list(container.decode(video=0))
    return (np.array([f.time for f in frames]),
            np.stack([f.to_ndarray(format='rgb24') for f in frames]))


def read_sound(path: str) -> Tuple[float, int, np.ndarray]:
    """Time of the first sample, rate, (channels, S)."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        convert = av.AudioResampler(format='fltp')
        parts = [(f.time, p.to_ndarray()) for f in container.decode(stream)
                 for p in convert.resample(f)]
        return parts[0][0], stream.rate, np.concatenate([p for _, p in parts],
                                                        1)


def read_json(result: Dict) -> Dict:
    return json.loads(Path(result['files']['frames']).read_text())


def test_each_frame_is_that_of_the_still(inferencer: LocalizationInferencer,
                                         film: Path, tmp_path: Path) -> None:
    """The same maps as of a picture and the window around it by hand."""
    result = inferencer.infer_video(film, tmp_path / 'o.mp4', batch_size=7)
    records = read_json(result)['frames']
    times, pictures = read_frames(str(film))
    assert [r['time'] for r in records] == pytest.approx(times.tolist())
    for index in (0, 4, 15, 29):
        first = round((times[index] * RATE - 2000) / 238)
        first = 238 * min(max(first, 0), (len(SOUND) - 4000) // 238)
        window = SOUND[first:first + 4000]
        still, = inferencer(
            dict(image=pictures[index], audio=(window, RATE)),
            draw=False)['predictions']
        found = records[index]
        assert found['confidence'] == pytest.approx(still['confidence'], 1e-3)
        assert found['peak'] == pytest.approx(still['peak'], abs=0.05)
        assert found['box_pixels'] == pytest.approx(still['box_pixels'], abs=1)


def test_sound_is_analysed_once(inferencer: LocalizationInferencer, film: Path,
                                tmp_path: Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    analyzed = []
    original = AVDataPreprocessor.analyze

    def count(self: AVDataPreprocessor, waveform: torch.Tensor,
              rate: int) -> torch.Tensor:
        if waveform.any():
            analyzed.append(len(waveform))
        return original(self, waveform, rate)

    monkeypatch.setattr(AVDataPreprocessor, 'analyze', count)
    result = inferencer.infer_video(film, tmp_path / 'o.mp4')
    columns = (len(SOUND) - 512) // 238 + 1
    assert result['audio_columns'] == columns
    assert sum((n - 512) // 238 + 1 for n in analyzed) == columns
    # A window of each frame would be 30 x 4000 samples.
    assert sum(analyzed) < 1.3 * len(SOUND)


@pytest.mark.parametrize('name, codec, copied', [
    ('a.mkv', 'pcm_s16le', False),
    ('a.mp4', 'aac', True),
    ('a.avi', 'mp3', True),
    ('a.mkv', 'flac', False),
])
def test_flash_and_beep_stay_together(inferencer: LocalizationInferencer,
                                      tmp_path: Path, name: str, codec: str,
                                      copied: bool) -> None:
    """At 1.2 s: to a frame, and to a sample of the source."""
    frames = np.full((25, 32, 48, 3), 20, np.uint8)
    frames[12] = 250
    time = np.arange(int(2.5 * 16000)) / 16000
    beep = 12000 * np.sin(2 * np.pi * 1000 * time) * ((time >= 1.2) &
                                                      (time < 1.3))
    source = write_media(tmp_path / name, beep.astype(np.int16), 16000, codec,
                         frames)
    result = inferencer.infer_video(source, tmp_path / 'o.mp4', alpha=0.3)
    assert result['audio'] == ('copied' if copied else 'encoded as AAC')
    out = result['files']['video']
    times, pictures = read_frames(out)
    own_times, own_pictures = read_frames(str(source))
    assert times == pytest.approx(own_times, abs=1e-3)
    flash, own_flash = (t[p.mean(axis=(1, 2, 3)).argmax()]
                        for t, p in ((times, pictures), (own_times,
                                                         own_pictures)))
    begin, rate, sound = read_sound(out)
    assert rate == 16000
    onset = begin + np.flatnonzero(np.abs(sound[0]) > 0.1)[0] / rate
    assert flash == pytest.approx(own_flash, abs=1e-3)
    # A frame lasts 0.1 s; in an avi FFmpeg guesses when the first is shown.
    assert abs(flash - onset) < (0.11 if name == 'a.avi' else 0.03)
    own_begin, _, own = read_sound(str(source))
    if copied:
        assert begin == own_begin and np.array_equal(sound, own)
    else:
        length = own.shape[1]
        assert 0 <= sound.shape[1] - length < 1024 and begin == own_begin
        lags = [np.dot(np.roll(own[0], k), sound[0, :length])
                for k in range(-3, 4)]  # yapf: disable
        assert int(np.argmax(lags)) == 3


def test_a_part(inferencer: LocalizationInferencer, film: Path,
                tmp_path: Path) -> None:
    whole = read_json(inferencer.infer_video(film, tmp_path / 'a.mp4'))
    result = inferencer.infer_video(
        film, tmp_path / 'o.mp4', start=1.0, duration=1.5)
    part = read_json(result)
    assert [r['time'] for r in part['frames']
            ] == pytest.approx([1 + i / 10 for i in range(15)])
    assert part['start'] == 1
    for mine, other in zip(part['frames'], whole['frames'][10:]):
        assert mine['confidence'] == pytest.approx(
            other['confidence'], abs=0.03)
    times, _ = read_frames(result['files']['video'])
    begin, _, sound = read_sound(result['files']['video'])
    assert times[0] == pytest.approx(0, abs=1e-3) and begin == 0
    wanted = SOUND[RATE:RATE + len(sound[0])] / 32768
    lags = [
        np.dot(np.roll(wanted, k), sound[0, :len(wanted)])
        for k in range(-9, 10)
    ]
    # mkv rounds time stamps to a millisecond, eight samples.
    assert abs(int(np.argmax(lags)) - 9) <= 8
    assert 0 <= sound.shape[1] - 1.5 * RATE < 1024


def test_every_and_batches(inferencer: LocalizationInferencer, film: Path,
                           tmp_path: Path) -> None:
    whole = read_json(inferencer.infer_video(film, tmp_path / 'a.mp4'))
    result = inferencer.infer_video(
        film, tmp_path / 'b.mp4', every=4, batch_size=3)
    some = read_json(result)
    assert (result['n_frames'], result['n_analyzed']) == (30, 8)
    for mine, other in zip(some['frames'], whole['frames'][::4]):
        assert mine['time'] == other['time']
        assert mine['confidence'] == pytest.approx(other['confidence'], 1e-3)
    assert len(read_frames(result['files']['video'])[0]) == 30


@pytest.mark.parametrize('smoothing', ['exponential', 'gaussian'])
def test_smoothing_calms(inferencer: LocalizationInferencer, film: Path,
                         tmp_path: Path, smoothing: str) -> None:
    rough, calm = (
        read_json(
            inferencer.infer_video(
                film,
                tmp_path / 'o.mp4',
                smoothing=kind,
                every=2,
                smoothing_seconds=1.0))['frames']
        for kind in ('none', smoothing))
    assert [r['time'] for r in rough] == [r['time'] for r in calm]
    changes = [
        np.abs(np.diff([r['confidence'] for r in records])).mean()
        for records in (rough, calm)
    ]
    assert changes[1] < 0.6 * changes[0]


def test_confidence(inferencer: LocalizationInferencer, film: Path,
                    tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = read_json(inferencer.infer_video(film, tmp_path / 'a.mp4'))
    assert {r['placed'] for r in free['frames']} == {None}
    assert free['min_confidence'] is None and free['n_placed'] is None
    limit = float(np.median([r['confidence'] for r in free['frames']]))
    monkeypatch.setattr(inferencer, 'min_confidence', limit)
    result = inferencer.infer_video(film, tmp_path / 'b.mp4')
    records = read_json(result)['frames']
    assert [r['placed']
            for r in records] == [r['confidence'] > limit for r in records]
    assert result['n_placed'] == 15
    drawn = read_frames(result['files']['video'])[1].astype(int)
    plain = read_frames(str(film))[1].astype(int)
    # Below the caption, what is not placed is the source's picture.
    changes = np.abs(drawn - plain)[:, 16:].mean(axis=(1, 2, 3))
    placed = np.array([r['placed'] for r in records])
    assert changes[~placed].max() < 0.5 * changes[placed].min()
    assert all(r['box'] is None for r in records if not r['placed'])


def test_uneven_times_and_odd_sizes(inferencer: LocalizationInferencer,
                                    tmp_path: Path) -> None:
    stamps = [0, 7, 8, 30, 31, 90, 180]
    source = write_media(
        tmp_path / 'a.mkv',
        SOUND,
        RATE,
        frames=FRAMES[:7, :31, :47],
        fps=100,
        pts=stamps,
        video_codec='ffv1')
    result = inferencer.infer_video(source, tmp_path / 'o.mp4')
    times, pictures = read_frames(result['files']['video'])
    assert times == pytest.approx([s / 100 for s in stamps], abs=1e-3)
    assert pictures.shape[1:3] == (32, 48)
    box = read_json(result)['frames'][0]['box_pixels']
    assert 0 <= box[0] < box[2] <= 47 and 0 <= box[1] < box[3] <= 31


def test_a_cut_off_film_is_told(inferencer: LocalizationInferencer,
                                tmp_path: Path) -> None:
    """By the index of its pictures; sound that goes on is none."""
    source = write_media(tmp_path / 'a.mkv', SOUND, RATE, frames=FRAMES)
    content = source.read_bytes()
    source.write_bytes(content[:len(content) // 2])
    whole = inferencer.infer_video(source, tmp_path / 'o.mp4')
    assert 1 < whole['missing_seconds'] < 2
    part = inferencer.infer_video(source, tmp_path / 'o.mp4', duration=1.0)
    assert part['missing_seconds'] == 0
    source = write_media(tmp_path / 'a.mkv', SOUND, RATE, frames=FRAMES[:10])
    longer = inferencer.infer_video(source, tmp_path / 'o.mp4')
    assert longer['missing_seconds'] == 0


class TestNothingIsLeft:
    """Of a run that did not end, not even a draft."""

    def test_interrupted(self, inferencer: LocalizationInferencer, film: Path,
                         tmp_path: Path) -> None:
        out = tmp_path / 'out'
        out.mkdir()
        (out / 'o.mp4').write_text('of before')

        def stop(done: float, total: float) -> None:
            assert total == pytest.approx(3, abs=0.2)
            if done > 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            inferencer.infer_video(film, out / 'o.mp4', progress=stop)
        assert [p.name for p in out.iterdir()] == ['o.mp4']
        assert (out / 'o.mp4').read_text() == 'of before'

    @pytest.mark.parametrize('sound, frames, message', [
        (None, FRAMES, 'the file has no audio track'),
        (SOUND, None, 'the file has no video track'),
    ])
    def test_half_a_film(self, inferencer: LocalizationInferencer,
                         tmp_path: Path, sound: np.ndarray, frames: np.ndarray,
                         message: str) -> None:
        path = write_media(tmp_path / 'a.mkv', sound, RATE, frames=frames)
        with pytest.raises(ValueError, match=f'a.mkv: {message}'):
            inferencer.infer_video(path, tmp_path / 'out' / 'o.mp4')
        assert [p.name for p in tmp_path.iterdir()] == ['a.mkv']

    def test_not_a_film(self, inferencer: LocalizationInferencer, film: Path,
                        tmp_path: Path) -> None:
        (tmp_path / 'a.mp4').write_text('a text')
        with pytest.raises(ValueError, match='a.mp4: not a readable video'):
            inferencer.infer_video(tmp_path / 'a.mp4', tmp_path / 'o.mp4')
        with pytest.raises(FileNotFoundError, match='b.mp4: no such video'):
            inferencer.infer_video(tmp_path / 'b.mp4', tmp_path / 'o.mp4')
        with pytest.raises(ValueError, match='start=3.5 s is not inside'):
            inferencer.infer_video(film, tmp_path / 'o.mp4', start=3.5)
        for bad in (film, tmp_path / 'o.avi'):
            with pytest.raises(ValueError, match='must be an mp4 other than'):
                inferencer.infer_video(film, bad)
        assert [p.name for p in tmp_path.iterdir()] == ['a.mp4']


@pytest.mark.parametrize('name', [
    'avi_44k.avi', 'h264_aac_44k.mp4', 'nasa_13013.mp4'])  # yapf: disable
def test_real_films(inferencer: LocalizationInferencer, shared: Path,
                    tmp_path: Path, name: str) -> None:
    """Every frame and every sample of the source."""
    source = str(shared / 'samples' / 'videos' / name)
    result = inferencer.infer_video(source, tmp_path / 'o.mp4', every=25)
    out = result['files']['video']
    times, own_times = read_frames(out)[0], read_frames(source)[0]
    assert len(times) == len(own_times)
    assert np.abs(times - own_times).max() < 0.041
    begin, rate, sound = read_sound(out)
    own_begin, own_rate, own = read_sound(source)
    assert (begin, rate) == (own_begin, own_rate)
    assert np.array_equal(sound, own)
    with av.open(out) as first, av.open(source) as second:
        lengths = [
            float(c.streams.video[0].duration * c.streams.video[0].time_base)
            for c in (first, second)
        ]
    assert abs(lengths[0] - lengths[1]) <= 0.041


def test_second_track_is_kept(inferencer: LocalizationInferencer, shared: Path,
                              tmp_path: Path) -> None:
    source = shared / 'samples' / 'videos' / 'nasa_13013.mp4'
    result = inferencer.infer_video(
        source, tmp_path / 'o.mp4', audio_track=1, duration=1.0)
    assert read_sound(result['files']['video'])[1] == 16000


def test_gain_makes_level_irrelevant(inferencer: LocalizationInferencer,
                                     film: Path, tmp_path: Path) -> None:
    """A film that is 20 dB quieter gives the same maps; its sound stays."""
    quiet = write_media(
        tmp_path / 'quiet.mkv', SOUND // 10, RATE, frames=FRAMES)
    results = [
        inferencer.infer_video(path, tmp_path / f'{i}.mp4', gain='auto')
        for i, path in enumerate((film, quiet))
    ]
    gains = [result['gain_db'] for result in results]
    assert gains[1] - gains[0] == pytest.approx(20, abs=0.05)
    loud, soft = (read_json(result) for result in results)
    assert [loud['gain_db'], soft['gain_db']] == gains
    for one, other in zip(loud['frames'], soft['frames']):
        assert other['confidence'] == pytest.approx(
            one['confidence'], abs=2e-3)
    levels = [
        read_sound(result['files']['video'])[2].std() for result in results
    ]
    assert levels[0] / levels[1] == pytest.approx(10, rel=0.1)
    still, other = inferencer([
        dict(image=FRAMES[0], audio=(sound / 32768, RATE))
        for sound in (SOUND, SOUND // 10)
    ], gain='auto', draw=False)['predictions']  # yapf: disable
    assert other['gain_db'] - still['gain_db'] == pytest.approx(20, abs=0.05)
    assert other['confidence'] == pytest.approx(still['confidence'], abs=2e-3)
    with pytest.raises(ValueError, match="gain must be .*'loud'"):
        inferencer.infer_video(film, tmp_path / 'o.mp4', gain='loud')


def test_a_silent_track_is_named_first(inferencer: LocalizationInferencer,
                                       tmp_path: Path) -> None:
    path = write_media(tmp_path / 'a.mkv', SOUND // 1000, RATE, frames=FRAMES)
    with pytest.warns(UserWarning, match='a.mkv: the sound is silent'):
        result = inferencer.infer_video(path, tmp_path / 'o.mp4', gain='auto')
    assert result['gain_db'] == 0
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with pytest.raises(UserWarning, match='silent'):
            inferencer.infer_video(path, tmp_path / 'p.mp4')
    assert not (tmp_path / 'p.mp4').exists()
