"""tools/infer.py as a user runs it."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from mmengine.config import Config
from PIL import Image

from ..conftest import ROOT, run_python, run_well
from ..media import write_media
from ..test_apis.toy_model import CONFIG, save_toy


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, its config, a picture, a recording and a film."""
    folder = tmp_path_factory.mktemp('infer')
    save_toy(folder)
    Config(CONFIG).dump(folder / 'toy.py')
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (10, 32, 48, 3), np.uint8)
    Image.fromarray(frames[0]).save(folder / 'dog.png')
    sound = rng.integers(-9999, 9999, 9000, np.int16)
    write_media(folder / 'bark.wav', sound, 8000)
    write_media(folder / 'film.mp4', sound, 8000, 'aac', frames)
    return folder


def infer(folder: Path, *args: str) -> list:
    """Lines that the tool prints."""
    done = run_well('tools/infer.py', *args)
    return done.stdout.strip().splitlines()


def check_results(lines: list, out: Path, stem: str) -> None:
    peak, *paths = lines[-3:]
    heat = np.load(out / f'{stem}.npy')
    assert heat.shape == (32, 48) and heat.dtype == np.float32
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert f'x={(column + 0.5) / 48:.3f} y={(row + 0.5) / 32:.3f}' in peak
    assert paths == [str(out / f'{stem}.npy'), str(out / f'{stem}.png')]
    assert Image.open(out / f'{stem}.png').size == (48, 32)


def test_picture_and_recording(folder: Path, tmp_path: Path) -> None:
    lines = infer(folder, folder / 'toy.pth', '--image', folder / 'dog.png',
                  '--audio', folder / 'bark.wav', '--out-dir', tmp_path / 'o')
    check_results(lines, tmp_path / 'o', 'dog')


def test_odd_sound_is_told(folder: Path, tmp_path: Path,
                           monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the results, on the console, whatever the environment hides."""
    monkeypatch.setenv('PYTHONWARNINGS', 'ignore')
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (9000, 1))
    soundfile.write(tmp_path / 'a.wav', sound * [1, -1], 8000)
    soundfile.write(tmp_path / 'b.wav', sound / 100, 8000)
    opposite, quiet = (
        infer(folder, folder / 'toy.pth', '--image', folder / 'dog.png',
              '--audio', tmp_path / name, '--gain', 'auto', '--out-dir',
              tmp_path) for name in ('a.wav', 'b.wav'))
    assert 'a.wav is silent after its channels are mixed' in opposite[0]
    assert 'a.wav: the sound is silent' in opposite[1]
    assert not any('gain' in line for line in opposite)
    assert any('gain of the sound: +' in line for line in quiet)


def test_shipped_checkpoint(folder: Path, tmp_path: Path) -> None:
    """It is said in a line, and its threshold is known."""
    done = run_well('tools/infer.py', '--image', folder / 'dog.png', '--audio',
                    folder / 'bark.wav', '--out-dir', tmp_path)
    told = [line for line in done.stderr.splitlines() if 'checkpoint' in line]
    assert len(told) == 1 and 'only a drawn, synthetic world' in told[0]
    assert 'no calibrated threshold' not in done.stderr
    check_results(done.stdout.splitlines(), tmp_path, 'dog')


def test_film_with_config(folder: Path, tmp_path: Path) -> None:
    lines = infer(folder, folder / 'toy.py', folder / 'toy.pth', '--video',
                  folder / 'film.mp4', '--still', '--time', 0.3, '--out-dir',
                  tmp_path, '--protocol', 'ez', '--device', 'cpu')
    check_results(lines, tmp_path, 'film')


def test_film(folder: Path, tmp_path: Path) -> None:
    """Map and sound, in a process as a user starts it."""
    (folder / 'metrics.json').write_text('{"negative_audio/threshold": 1.0}')
    lines = infer(folder, folder / 'toy.pth', '--video', folder / 'film.mp4',
                  '--out-dir', tmp_path / 'o', '--every', 2,
                  '--threshold-from', folder / 'metrics.json')
    assert lines == [
        '10 frames, 5 analysed, a source placed in 0, sound copied',
        str(tmp_path / 'o' / 'film.mp4'),
        str(tmp_path / 'o' / 'film.json')
    ]
    with av.open(lines[1]) as container:
        assert [s.codec_context.name
                for s in container.streams] == ['h264', 'aac']
        assert len(list(container.decode(video=0))) == 10
    content = json.loads(Path(lines[2]).read_text())
    assert content['min_confidence'] == 1 and content['n_placed'] == 0


def test_folder(folder: Path, tmp_path: Path) -> None:
    """What is broken is an error, after the rest was made."""
    source = tmp_path / 'in'
    source.mkdir()
    shutil.copy(folder / 'film.mp4', source)
    (source / 'broken.mp4').write_text('text')
    done = run_python('tools/infer.py', folder / 'toy.pth', '--folder', source,
                      '--duration', 0.5, '--out-dir', tmp_path / 'out')
    assert done.returncode == 1
    assert 'no calibrated threshold is known' in done.stderr
    assert f'error: {source}/broken.mp4: not a readable' in done.stderr
    assert done.stdout.splitlines()[0] == '0 pictures, 1 videos, 1 failed'
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'film.json', 'film.mp4', 'predictions.json'
    ]


@pytest.mark.parametrize('number, code', [(signal.SIGINT, 130),
                                          (signal.SIGTERM, 143)])
def test_stopped(folder: Path, tmp_path: Path, number: int, code: int) -> None:
    """Once the first draft is there: a line, and nothing is left."""
    out = tmp_path / 'out'
    film = tmp_path / 'long.mp4'
    frames = np.zeros((400, 32, 48, 3), np.uint8)
    write_media(film, np.zeros(320000, np.int16), 8000, 'aac', frames)
    process = subprocess.Popen([
        sys.executable, 'tools/infer.py',
        str(folder / 'toy.pth'), '--video',
        str(film), '--out-dir',
        str(out)
    ],
                               cwd=ROOT,
                               stderr=subprocess.PIPE,
                               text=True)
    while process.poll() is None and not (out.is_dir() and any(out.iterdir())):
        time.sleep(0.02)
    assert list(out.iterdir())
    process.send_signal(number)
    told = process.communicate()[1]
    assert process.returncode == code and 'Traceback' not in told
    assert 'interrupted; no unfinished file is left' in told
    assert list(out.iterdir()) == []


def test_a_name_that_begins_with_a_dash(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / 'film.mp4', tmp_path / '-0je.mp4')
    done = subprocess.run([
        sys.executable, ROOT / 'tools' / 'infer.py', folder / 'toy.pth',
        '--video', '-0je.mp4', '--every', '9', '--out-dir', '-out'
    ],
                          cwd=tmp_path,
                          env=dict(os.environ, PYTHONPATH=str(ROOT)),
                          check=True)
    assert done.returncode == 0
    assert (tmp_path / '-out' / '-0je.mp4').is_file()


@pytest.mark.parametrize('args, message', [
    (('toy.pth', '--video', 'film.mp4', '--time', '1'), '--time is for'),
    (('toy.pth', '--image', 'dog.png', '--audio', 'bark.wav', '--still'),
     '--still is for --video'),
    (('toy.pth', '--video', 'film.mp4', '--alpha', '2'), 'alpha must be in'),
    (('toy.pth', '--folder', 'none'), 'none: no such folder'),
    (('toy.py', '--image', 'dog.png', '--audio', 'bark.wav'),
     'give a checkpoint'),
    (('toy.pth', '--image', 'cat.png', '--audio', 'bark.wav'), 'cat.png'),
    (('toy.pth', '--image', 'dog.png', '--audio', 'dog.png'), 'dog.png: '),
    (('toy.pth', '--video', 'bark.wav'), 'bark.wav'),
    (('none.pth', '--video', 'film.mp4'), 'none.pth: no such checkpoint'),
    (('toy.pth', '--image', 'dog.png'), '--image and --audio, or --video'),
    (('toy.pth', '--image', 'dog.png', '--video', 'film.mp4'),
     '--image and --audio, or --video'),
])
def test_errors(folder: Path, tmp_path: Path, args: tuple, message: str,
                monkeypatch: pytest.MonkeyPatch,
                capsys: pytest.CaptureFixture) -> None:
    """In this process, which has imported everything already."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / 'tools'))
    import infer as tool
    args = [a if a[0] in '-12' else str(folder / a) for a in args]
    monkeypatch.setattr(sys, 'argv',
                        ['infer.py', *args, '--out-dir',
                         str(tmp_path)])
    with pytest.raises((ValueError, OSError, SystemExit)) as caught:
        tool.main()
    assert message in str(caught.value) + capsys.readouterr().err
    assert not list(tmp_path.iterdir())
