"""Drawing again, without the network."""
import json
from fractions import Fraction
from pathlib import Path
from typing import List

import av
import numpy as np
import pytest
from PIL import Image

from fnac_mm.apis import LocalizationInferencer
from fnac_mm.apis.web_demo.redrawing import (RedrawnOverlay, RedrawnPicture,
                                             RedrawnVideo)
from fnac_mm.media.writer import VideoWriter
from ...media import write_media

RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 255, (12, 32, 48, 3), np.uint8)
SOUND = RNG.integers(-9999, 9999, 9600, np.int16)
OTHER = RNG.integers(-9999, 9999, 19200, np.int16)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('media')
    Image.fromarray(FRAMES[0]).save(folder / 'dog.png')
    write_media(folder / 'bark.wav', SOUND, 8000)
    write_media(folder / 'other.wav', OTHER, 8000)
    write_media(folder / 'film.mkv', SOUND, 8000, 'pcm_s16le', FRAMES)
    return folder


def make(kind: str, inferencer: LocalizationInferencer, folder: Path,
         out: Path) -> RedrawnOverlay:
    if kind == 'picture':
        return RedrawnPicture(inferencer, out / 'x', str(folder / 'dog.png'),
                              str(folder / 'bark.wav'))
    return RedrawnVideo(
        inferencer, out / 'x', str(folder / 'film.mkv'), every=2)


def confidences(result: dict) -> List[float]:
    """Of the frames of a video."""
    frames = json.loads(Path(result['records']).read_text())['frames']
    return [frame['confidence'] for frame in frames]


def pixels(result: dict) -> np.ndarray:
    """(N, H, W, 3) of the overlay."""
    with av.open(result['overlay']) as container:
        frames = container.decode(video=0)
        return np.stack([f.to_ndarray(format='rgb24') for f in frames]) * 1.0


@pytest.mark.parametrize('kind', ['picture', 'video'])
def test_the_network_runs_once(kind: str, inferencer: LocalizationInferencer,
                               folder: Path, tmp_path: Path,
                               monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(kind, inferencer, folder, tmp_path)
    first = run.draw(0.5, 0.5)
    before = Path(first['overlay']).read_bytes()
    # What a run from the beginning with these values gives.
    (tmp_path / 'new').mkdir()
    fresh = make(kind, inferencer, folder, tmp_path / 'new').draw(0.2, 0.9)
    monkeypatch.setattr(inferencer.model, 'test_step', None)
    again = run.draw(0.2, 0.9)
    after = Path(again['overlay']).read_bytes()
    assert after != before
    # Two runs of a network may differ in the last bit.
    difference = np.subtract(pixels(again), pixels(fresh))
    assert np.abs(difference).mean() < 0.1
    told = json.loads(Path(again['records']).read_text())
    assert told['threshold'] == 0.9


def test_picture_equals_the_inferencer(inferencer: LocalizationInferencer,
                                       folder: Path, tmp_path: Path) -> None:
    result = make('picture', inferencer, folder, tmp_path).draw(0.3, 0.6)
    expected, = inferencer(
        dict(image=folder / 'dog.png', audio=folder / 'bark.wav'),
        threshold=0.6)['predictions']
    told = json.loads(Path(result['records']).read_text())
    assert told['source'] == 'dog.png' and told['sound'] == 'bark.wav'
    assert told['box_pixels'] == list(expected['box_pixels'])
    assert told['confidence'] == pytest.approx(expected['confidence'])


def test_video_equals_the_inferencer(inferencer: LocalizationInferencer,
                                     folder: Path, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """Before they are encoded: x264 may code one picture in two ways."""
    drawn: List[np.ndarray] = []
    write = VideoWriter.write

    def keep(self: VideoWriter, image: np.ndarray, *times: Fraction) -> None:
        drawn.append(image.copy())
        write(self, image, *times)

    monkeypatch.setattr(VideoWriter, 'write', keep)
    result = make('video', inferencer, folder, tmp_path).draw(0.3, 0.6)
    inferencer.infer_video(
        folder / 'film.mkv', tmp_path / 'y.mp4', every=2, alpha=0.3,
        threshold=0.6)  # yapf: disable
    difference = np.subtract(drawn[:12], drawn[12:], dtype=float)
    assert np.abs(difference).mean() < 0.1
    assert '6 frames analysed' in result['text']


def test_the_same_sound_from_another_file(inferencer: LocalizationInferencer,
                                          folder: Path,
                                          tmp_path: Path) -> None:
    """Also where the clock of the pictures does not begin at 0."""
    own = make('video', inferencer, folder, tmp_path).draw(0.5, 0.5)
    late = write_media(
        tmp_path / 'late.mkv',
        SOUND,
        8000,
        'pcm_s16le',
        FRAMES,
        first_frame=20,
        first_sample=16000)
    for film in (folder / 'film.mkv', late):
        run = RedrawnVideo(inferencer, tmp_path / 'same', str(film),
                           str(folder / 'bark.wav'), 2)
        np.testing.assert_allclose(
            confidences(run.draw(0.5, 0.5)), confidences(own), atol=2e-3)


def test_another_sound(inferencer: LocalizationInferencer, folder: Path,
                       tmp_path: Path) -> None:
    """It is heard until the pictures end, though it lasts longer."""
    own = make('video', inferencer, folder, tmp_path).draw(0.5, 0.5)
    run = RedrawnVideo(inferencer, tmp_path / 'other',
                       str(folder / 'film.mkv'), str(folder / 'other.wav'), 2)
    result = run.draw(0.5, 0.5)
    assert np.abs(np.subtract(confidences(result), confidences(own))).max() \
        > 1e-3
    with av.open(result['overlay']) as container:
        assert len(list(container.decode(video=0))) == 12
    with av.open(result['overlay']) as container:
        samples = np.concatenate(
            [f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert abs(len(samples) / 8000 - 1.2) < 0.15
    ratio = np.corrcoef(samples[:9000], OTHER[:9000])[0, 1]
    assert ratio > 0.5


def test_broken_sound(inferencer: LocalizationInferencer, folder: Path,
                      tmp_path: Path) -> None:
    run = RedrawnVideo(inferencer, tmp_path / 'x', str(folder / 'film.mkv'),
                       str(folder / 'dog.png'))
    with pytest.raises(ValueError, match='dog.png: not a readable recording'):
        run.draw(0.5, 0.5)
    assert not list(tmp_path.iterdir())
