"""The web page's work, without a page."""
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fnac_mm.apis import LocalizationInferencer
from fnac_mm.apis.web_demo.service import DemoService, Upload, explain
from fnac_mm.apis.web_demo.upload_limits import UploadLimits
from ...media import write_media
from ..toy_model import save_toy

RNG = np.random.default_rng(0)


@pytest.fixture(scope='module')
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    media = tmp_path_factory.mktemp('media')
    Image.fromarray(RNG.integers(0, 255, (30, 40, 3),
                                 np.uint8)).save(media / 'dog.png')
    for name in ('bark', 'meow'):
        sound = RNG.integers(-9999, 9999, 8000, np.int16)
        write_media(media / f'{name}.wav', sound, 8000)
    (media / 'fake.mp4').write_text('text\n' * 99)
    return media


@pytest.fixture()
def service(media: Path, tmp_path: Path) -> DemoService:
    inferencer = LocalizationInferencer(
        save_toy(media), device='cpu', show_progress=False)
    return DemoService(inferencer, tmp_path, UploadLimits())


def test_side_by_side(service: DemoService, media: Path,
                      tmp_path: Path) -> None:
    upload = Upload(
        image=str(media / 'dog.png'),
        audio=str(media / 'bark.wav'),
        other=str(media / 'meow.wav'))
    runs = service.start(upload)
    results = [run.draw(0.5, 0.5) for run in runs]
    assert [Path(r['overlay']).name for r in results
            ] == ['dog_overlay.png', 'dog_overlay_other_sound.png']
    one, two = (np.array(Image.open(r['overlay'])) for r in results)
    assert one.shape == two.shape == (30, 40, 3) and (one != two).any()
    service.forget(runs)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('names, words', [
    ({}, 'Please give a video, or a picture and its sound, first.'),
    (dict(image='dog.png'), 'Please give a sound first.'),
    (dict(audio='bark.wav'), 'Please give a picture first.'),
    (dict(video='fake.mp4'), 'fake.mp4: not a readable video'),
    (dict(image='dog.png', audio='fake.mp4'), 'fake.mp4: not a readable'),
    (dict(image='dog.png', audio='bark.wav',
          other='dog.png'), 'dog.png: not a readable recording'),
])
def test_refused(service: DemoService, media: Path, tmp_path: Path,
                 names: dict, words: str) -> None:
    upload = Upload(**{key: str(media / name) for key, name in names.items()})
    with pytest.raises(ValueError) as caught:
        service.start(upload)
    assert explain(caught.value, upload).startswith(words)
    assert not list(tmp_path.iterdir())


def test_messages_hide_folders_and_faults(
        caplog: pytest.LogCaptureFixture) -> None:
    upload = Upload(video='/tmp/uploads/abc/film.mp4')
    error = ValueError('/tmp/uploads/abc/film.mp4: the video is damaged')
    assert explain(error, upload) == 'film.mp4: the video is damaged'
    told = explain(KeyError('secret'), upload)
    assert 'secret' not in told and 'went wrong' in told
    assert "KeyError: 'secret'" in caplog.text
