"""The sample videos: prepared, verified and inferred, command after command.

Three containers; one has two sounds, one an mp3 track.
"""
import json
import re
from pathlib import Path
from typing import List, Tuple

import av
import numpy as np
import pytest

from ..conftest import ROOT, run_well
from ..test_preparation.raw_media import read_manifest

FILMS = dict(
    avi_44k='avi_44k.avi',
    h264_aac_44k='h264_aac_44k.mp4',
    nasa_13013='nasa_13013.mp4')
pytestmark = pytest.mark.slow

# Of all of them, 25 frames a second.
FRAME = 0.04


def call(script: str, *args: object) -> str:
    """What a command prints."""
    done = run_well(f'tools/{script}', *args)
    return done.stdout


def pictures(path: Path) -> List[np.ndarray]:
    """Frames in the order in which they are shown, without the caption."""
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format='gray')[24:].astype(np.float32)
            for frame in container.decode(video=0)
        ]


def sound(path: Path) -> Tuple[float, int, np.ndarray]:
    """Time of the first sample, rate, (channels, samples)."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return (frames[0].time, frames[0].sample_rate,
            np.concatenate([f.to_ndarray() for f in frames], axis=1))


def span(path: Path) -> Tuple[float, float]:
    """When the pictures begin, and how long they last."""
    with av.open(str(path)) as container:
        times = sorted(frame.time for frame in container.decode(video=0))
    return times[0], times[-1] - times[0] + FRAME


@pytest.fixture(scope='module')
def done(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of docs/preparation.md, with its config.

    No place is confident enough, so that frames are shown as they are.
    """
    folder, films = tmp_path_factory.mktemp('films'), shared / 'samples/videos'
    call('dataset_converters/prepare_videos.py', films, folder / 'prepared')
    text = (ROOT / 'docs' / 'preparation.md').read_text()
    config = re.search(r'```python\n(# films\.py\n.*?)```', text, re.DOTALL)
    (folder / 'films.py').write_text(config.group(1))
    call('dataset_converters/verify_dataset.py', folder / 'films.py',
         '--data-root', folder / 'prepared', '--out', folder / 'report.json')
    for source in (films, folder / 'prepared'):
        call('infer.py', '--folder', source, '--out-dir', folder / 'out',
             '--min-confidence', 1, '--every', 10)
        (folder / 'out').rename(folder / f'out_{source.name}')
    return folder


def test_prepared_and_verified(done: Path) -> None:
    records = read_manifest(done / 'prepared')
    assert {i: r['status'] for i, r in records.items()} == {
        name: 'made' for name in FILMS}  # yapf: disable
    report = json.loads((done / 'report.json').read_text())
    assert report['problems'] == [] and report['n_files_opened'] == 6
    assert report['data_sets'][0]['sample_rates'] == {'8000': 1, '44100': 2}


def test_prepared_clips_are_inferred(done: Path) -> None:
    out = done / 'out_prepared'
    for name in FILMS:
        heat = np.load(out / f'{name}.npy')
        assert np.isfinite(heat).all() and np.ptp(heat) > 0
        assert (out / f'{name}.png').is_file()


@pytest.mark.parametrize('name, source', FILMS.items())
def test_sound_is_that_of_the_source(shared: Path, done: Path, name: str,
                                     source: str) -> None:
    """Each sample, at its time."""
    begin, rate, samples = sound(done / 'out_videos' / f'{name}.mp4')
    own = sound(shared / 'samples' / 'videos' / source)
    assert (begin, rate) == own[:2]
    assert np.array_equal(samples, own[2])


@pytest.mark.parametrize('name, source', FILMS.items())
def test_pictures_are_those_of_the_source(shared: Path, done: Path, name: str,
                                          source: str) -> None:
    """As many, as long, and each at its place: no neighbour is nearer."""
    path = shared / 'samples' / 'videos' / source
    film = done / 'out_videos' / f'{name}.mp4'
    assert span(film) == pytest.approx(span(path), abs=1e-3)
    made, own = pictures(film), pictures(path)
    assert len(made) == len(own)
    # Some pictures repeat; a film that is one late is up to four times as far.
    for n in range(2, len(own) - 2):
        distances = [np.abs(made[n] - own[n + k]).mean() for k in range(-2, 3)]
        assert distances[2] <= 1.1 * min(distances) + 0.2
