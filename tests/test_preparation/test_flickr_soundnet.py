"""Flickr-SoundNet from nested folders of mp3 files and frames."""
from functools import partial
from pathlib import Path
from typing import List

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.media import index_frames, write_media
from .raw_media import names, picture_index, read_manifest, run_tool

run = partial(run_tool, 'prepare_flickr_soundnet')

NUMBERS = (3, 8, 13, 18)
TONE = (9000 * np.sin(np.arange(3 * 22050) / 9)).astype(np.int16)


def folder_of(clip_id: str) -> str:
    """``videos/`` by the last three digits, ``videos2/`` by eight."""
    if len(clip_id) == 10:
        return '/'.join(('videos', *clip_id[-3:]))
    return '/'.join(('videos2', *clip_id[-8:]))


def write_frames(folder: Path, clip_id: str, numbers: tuple = NUMBERS) -> Path:
    """Frames that tell their number."""
    place = folder / folder_of(clip_id) / f'{clip_id}.mp4'
    place.mkdir(parents=True)
    for number in numbers:
        Image.fromarray(index_frames(20)[number]).save(
            place / f'{number:08d}.jpg', quality=90)
    return place


def write_sound(folder: Path, clip_id: str) -> Path:
    place = folder / folder_of(clip_id) / f'{clip_id}.mp4.mp3'
    place.parent.mkdir(parents=True, exist_ok=True)
    return write_media(place, TONE, 22050, 'libmp3lame')


IDS = [f'31415926{n:02d}' for n in range(6)] + ['12345678901']


@pytest.fixture()
def raw(tmp_path: Path) -> Path:
    for clip_id in IDS:
        write_frames(tmp_path / 'raw' / 'frames', clip_id)
        write_sound(tmp_path / 'raw' / 'mp3', clip_id)
    return tmp_path / 'raw'


def chosen(out: Path) -> List[int]:
    """Numbers of the frames that were taken."""
    return [picture_index(path) for path in sorted(out.glob('frames/*'))]


def test_hidden_files_are_no_media(raw: Path, tmp_path: Path,
                                   capsys: pytest.CaptureFixture) -> None:
    """macOS leaves ``._`` files beside others; suffixes have no case."""
    place = raw / 'frames' / folder_of(IDS[0]) / f'{IDS[0]}.mp4'
    (place / '._00000001.jpg').write_bytes(b'Mac OS X')
    (place / 'notes.txt').touch()
    sound = raw / 'mp3' / folder_of(IDS[0]) / f'{IDS[0]}.mp4.mp3'
    sound.rename(sound.with_suffix('.MP3'))
    run(raw, tmp_path / 'out', '--frame', 'first')
    assert chosen(tmp_path / 'out') == [3] * len(IDS)
    output = capsys.readouterr().out
    hidden = place.relative_to(raw) / '._00000001.jpg'
    assert f"ignored, hidden files: 1 ('{hidden}')" in output
    assert 'no sound or picture by their names: 1' in output


def test_random_frames_are_seeded(raw: Path, tmp_path: Path) -> None:
    for out, seed, workers in (('a', 0, 1), ('b', 0, 2), ('c', 1, 1)):
        run(raw, tmp_path / out, '--seed', seed, '--workers', workers)
        assert names(tmp_path / out / 'frames') == sorted(f'{i}.jpg'
                                                          for i in IDS)
    first, again, other = (chosen(tmp_path / out) for out in 'abc')
    assert first == again != other
    assert set(first) <= set(NUMBERS) and len(set(first)) > 1


@pytest.mark.parametrize('rule, number', [('first', 3), ('last', 18),
                                          ('middle', 13), ('8,13,3,18', 8),
                                          ('5,18', 18)])
def test_rules(raw: Path, tmp_path: Path, rule: str, number: int) -> None:
    run(raw, tmp_path / 'out', '--frame', rule)
    assert chosen(tmp_path / 'out') == [number] * len(IDS)
    for record in read_manifest(tmp_path / 'out').values():
        assert record['frame'] == f'{number:08d}.jpg'
        assert record['frames'] == 4


def test_pictures_are_copied_and_sounds_decoded(raw: Path,
                                                tmp_path: Path) -> None:
    """Against FFmpeg's own conversion to 16 bit."""
    run(raw, tmp_path / 'out', '--frame', 'first')
    source = raw / 'frames' / folder_of(IDS[0]) / f'{IDS[0]}.mp4'
    assert (tmp_path / 'out' / 'frames' /
            f'{IDS[0]}.jpg').read_bytes() == (source /
                                              '00000003.jpg').read_bytes()
    samples, rate = soundfile.read(
        tmp_path / 'out' / 'audio' / f'{IDS[0]}.wav', dtype='int16')
    path = raw / 'mp3' / folder_of(IDS[0]) / f'{IDS[0]}.mp4.mp3'
    resampler = av.AudioResampler(format='s16', layout='mono')
    with av.open(str(path)) as container:
        parts = [
            part.to_ndarray()[0] for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    expected = np.concatenate(parts).astype(int)
    assert rate == 22050 and len(samples) == len(expected)
    assert np.abs(samples - expected).max() <= 1


def test_what_is_missing_or_broken(raw: Path, tmp_path: Path,
                                   capsys: pytest.CaptureFixture) -> None:
    only_frames, only_sound, bad_frame, bad_sound, no_number = (
        f'27182818{n:02d}' for n in range(5))
    write_frames(raw, only_frames)
    write_sound(raw, only_sound)
    for clip_id in (bad_frame, bad_sound, no_number):
        write_sound(raw, clip_id)
        write_frames(raw, clip_id, (8, ) if clip_id == no_number else (3, ))
    place = raw / folder_of(bad_frame) / f'{bad_frame}.mp4' / '00000003.jpg'
    place.write_bytes(place.read_bytes()[:300])
    (raw / folder_of(bad_sound) / f'{bad_sound}.mp4.mp3').write_text('gone')
    Image.fromarray(index_frames(1)[0]).save(raw / 'cover.jpg')
    listed = tmp_path / 'list.txt'
    listed.write_text('\n'.join([
        IDS[0], only_frames, only_sound, bad_frame, bad_sound, no_number,
        '9999999999'
    ]))
    run(raw, tmp_path / 'out', '--frame', '3', '--list', listed)
    records = read_manifest(tmp_path / 'out')
    assert records[only_frames]['lacks'] == 'sound'
    assert records[only_sound]['lacks'] == records[no_number]['lacks'] == \
        'frame'
    assert records['9999999999']['lacks'] == 'frame and sound'
    assert records[bad_frame]['failure'] == 'undecodable'
    assert records[bad_sound]['failure'] == 'not_media'
    assert names(tmp_path / 'out' / 'audio') == [f'{IDS[0]}.wav']
    output = capsys.readouterr().out
    assert 'found 3 of 7 listed clips, 4 not found' in output
    assert "names that are no clip: 1 ('cover.jpg')" in output


@pytest.mark.parametrize('text', ['median', '3;8', ''])
def test_unknown_rule(raw: Path, tmp_path: Path, text: str,
                      capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        run(raw, tmp_path / 'out', f'--frame={text}')
    assert 'expected random, first' in capsys.readouterr().err
