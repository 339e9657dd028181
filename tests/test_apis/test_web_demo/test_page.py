"""The page: a server as a user starts it, a client and a browser."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator, List, Tuple
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from ...conftest import ROOT
from ...media import write_media

RNG = np.random.default_rng(0)
PICTURE = 'A picture and a sound'
# Places in the answer of the page: status, then what is shown of each side:
# text, picture, video and the two downloads.
STATUS, SIDES = 0, (slice(1, 6), slice(6, 11))


@pytest.fixture(scope='module')
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture, two sounds, a film, and a text that calls itself one."""
    media = tmp_path_factory.mktemp('media')
    frames = RNG.integers(0, 255, (10, 64, 96, 3), np.uint8)
    Image.fromarray(frames[0]).save(media / 'dog.png')
    for name in ('bark', 'meow'):
        sound = RNG.integers(-9999, 9999, 16000, np.int16)
        write_media(media / f'{name}.wav', sound)
    write_media(media / 'film.mp4', sound, 16000, 'aac', frames)
    write_media(media / 'long.wav', np.tile(sound, 5))
    (media / 'text.mp4').write_text('this is no film\n' * 99)
    return media


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


@pytest.fixture(scope='module')
def server(
        tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tuple[str, Path]]:
    """Address of the page, with the shipped checkpoint, and its files."""
    pytest.importorskip('gradio', reason='the extra "demo" is not installed')
    folder = tmp_path_factory.mktemp('server')
    # Any confidence is enough, so that maps are drawn.
    with open(folder / 'log', 'w') as log:
        process = subprocess.Popen([
            sys.executable, 'tools/web_demo.py', '--port',
            str(free_port()), '--max-seconds', '4', '--min-confidence', '-1'
        ],
                                   cwd=ROOT,
                                   env=dict(os.environ, TMPDIR=str(folder)),
                                   stdout=log,
                                   stderr=log)
    try:
        for _ in range(1800):
            told = (folder / 'log').read_text()
            if 'open http' in told:
                break
            assert process.poll() is None, told
            time.sleep(0.1)
        yield told.split('open ')[1].split(' ')[0], folder
    finally:
        process.terminate()
        process.wait(20)
    assert not list(folder.glob('fnac_mm_web_*'))
    told = (folder / 'log').read_text()
    assert 'Traceback' not in told and 'all files of the page are del' in told
    assert process.returncode == 143


def call(url: str, media: Path, *args: Any) -> Tuple[Any, Any]:
    """The client, and what the page shows of an upload."""
    from gradio_client import Client, handle_file
    client = Client(
        url, verbose=False, download_files=str(media / 'downloads'))
    files = [
        handle_file(str(a)) if isinstance(a, Path) else a for a in args[1:]
    ]
    return client, client.predict(args[0], *files, 0.5, 0.5, api_name='/run')


def test_picture(server: Tuple[str, Path], media: Path) -> None:
    client, shown = call(server[0], media, PICTURE, None, media / 'dog.png',
                         media / 'bark.wav', media / 'meow.wav')
    assert 'role="status"' in shown[STATUS]
    overlays = []
    for side, stem in zip(SIDES, ('dog_overlay', 'dog_overlay_other_sound')):
        text, image, video, overlay, records = shown[side]
        assert image['visible'] and not video['visible']
        assert 'The sound seems to come' in text
        assert Path(overlay['value']).name == f'{stem}.png'
        overlays.append(np.array(Image.open(overlay['value'])))
        told = json.loads(Path(records['value']).read_text())
        assert told['placed'] and told['source'] == 'dog.png'
    assert overlays[0].shape == overlays[1].shape == (64, 96, 3)
    assert (overlays[0] != overlays[1]).any()
    # Without heat and, at the highest level, with hardly a box.
    again = client.predict(0, 1, api_name='/redraw')
    clear = np.array(Image.open(again[SIDES[0]][3]['value']))
    given = np.array(Image.open(media / 'dog.png'))
    assert (clear == given).all(axis=2).mean() > 0.9
    assert (overlays[0] == given).all(axis=2).mean() < 0.1


def test_film(server: Tuple[str, Path], media: Path) -> None:
    _, shown = call(server[0], media, 'A video', media / 'film.mp4', None,
                    None, None)
    text, image, video, overlay, records = shown[SIDES[0]]
    assert 'A source is placed in 5 of 5 analysed frames.' in text
    import av
    with av.open(overlay['value']) as container:
        assert len(list(container.decode(video=0))) == 10
    assert json.loads(Path(
        records['value']).read_text())['source'] == 'film.mp4'
    assert shown[SIDES[1]][0] == '' and shown[SIDES[1]][3]['value'] is None


@pytest.mark.parametrize('args, words', [
    (('A video', 'text.mp4', None, None, None),
     'text.mp4: not a readable video'),
    (('A video', None, None, None, None), 'Please give a video'),
    ((PICTURE, None, 'dog.png', 'long.wav', None),
     'long.wav: 5.0 s long, but at most 4 s'),
    ((PICTURE, None, 'dog.png', 'bark.wav', 'text.mp4'),
     'text.mp4: not a readable recording'),
])
def test_errors_in_words(server: Tuple[str, Path], media: Path, args: tuple,
                         words: str) -> None:
    files = [name and media / name for name in args[1:]]
    _, shown = call(server[0], media, args[0], *files)
    assert f'<p role="alert">{words}' in shown[STATUS]
    assert str(server[1]) not in shown[STATUS]
    assert all(value['value'] is None for value in shown[SIDES[0]][1:])


def test_the_page_keeps_to_itself(server: Tuple[str, Path]) -> None:
    with urlopen(server[0]) as answer:
        policy = answer.headers['content-security-policy']
        page = answer.read().decode()
    assert "default-src 'self'" in policy and 'http' not in policy
    assert 'fonts.googleapis' not in page and 'cdn' not in page.lower()


def test_without_gradio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    import web_demo
    monkeypatch.setattr(web_demo, 'find_spec', lambda name: None)
    monkeypatch.setattr(sys, 'argv', ['web_demo.py'])
    with pytest.raises(SystemExit, match=r"needs Gradio: pip .*'\.\[demo\]'"):
        web_demo.main()


@pytest.fixture(scope='module')
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        'playwright.sync_api', reason='Playwright is not installed')
    chromium = shutil.which('chromium') or shutil.which('google-chrome')
    if chromium is None:
        pytest.skip('no chromium on this machine')
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(
            executable_path=chromium,
            args=[
                '--no-sandbox', '--disable-gpu',
                '--disable-background-networking'
            ])
        yield browser
        browser.close()


def upload(page: Any, kind: str, path: Path) -> None:
    """Give a file to the first visible input of a kind."""
    page.locator(f'input[type=file][accept*="{kind}"]').first.set_input_files(
        str(path))


@pytest.mark.slow
@pytest.mark.parametrize('size', [(390, 844), (1280, 900)])
def test_browser(server: Tuple[str, Path], media: Path, browser: Any,
                 size: Tuple[int, int]) -> None:
    """Upload, error, result; all but the choice of files by the keyboard."""
    page = browser.new_page(viewport=dict(width=size[0], height=size[1]))
    page.set_default_timeout(15000)
    asked: List[str] = []
    page.on('request', lambda request: asked.append(request.url))
    page.goto(server[0])
    button = page.get_by_role('button', name='Find the sound')
    button.wait_for()
    upload(page, 'video', media / 'text.mp4')
    page.get_by_label('Clear').first.wait_for()
    button.press('Enter')
    alert = page.locator('[role=alert]', has_text='text.mp4')
    alert.wait_for()
    assert 'not a readable video' in alert.inner_text()

    page.get_by_label(PICTURE).press('Space')
    upload(page, 'image', media / 'dog.png')
    page.get_by_label('Remove Image').wait_for()
    upload(page, 'audio', media / 'bark.wav')
    page.get_by_label('Play', exact=True).wait_for()
    button.press('Enter')
    overlay = page.get_by_role('img', name='Overlay with its own sound')
    overlay.wait_for()
    before = overlay.get_attribute('src')
    page.get_by_label('range slider for Opacity').press('ArrowRight')
    page.wait_for_function(
        'old => !document.querySelector(".result img").src.endsWith(old)',
        arg=before)
    with page.expect_download() as download:
        page.get_by_text('Download overlay').first.press('Enter')
    assert download.value.suggested_filename == 'dog_overlay.png'
    # Nothing sticks out at the side, and nothing is asked of anybody else.
    assert page.evaluate('document.documentElement.scrollWidth') == size[0]
    assert all(url.startswith((server[0], 'data:', 'blob:')) for url in asked)
    page.close()
