"""All of a folder, also with broken files and odd names in it."""
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fnac_mm.apis import LocalizationInferencer, find_inputs
from fnac_mm.media import PICTURES, SOUNDS, VIDEOS
from ..media import touch_all, write_media


def test_all_but_the_broken(inferencer: LocalizationInferencer, tmp_path: Path,
                            make_clip) -> None:
    folder, out = tmp_path / 'in', tmp_path / 'out'
    for name in ('a', 'b', 'c', 'd'):
        make_clip(folder, name, seconds=0.7)
    (folder / 'frames' / 'b.jpg').write_text('broken')
    rng = np.random.default_rng(0)
    write_media(
        folder / 'e.mkv',
        rng.integers(-99, 99, 8000, np.int16),
        8000,
        frames=rng.integers(0, 255, (10, 32, 48, 3), np.uint8))
    write_media(folder / 'f.mkv', rng.integers(-99, 99, 8000, np.int16), 8000)
    results = inferencer.infer_folder(folder, out, batch_size=3)
    assert json.loads((out / 'predictions.json').read_text()) == json.loads(
        json.dumps(results))
    assert set(results['failed']) == {
        str(folder / 'frames' / 'b.jpg'),
        str(folder / 'f.mkv')
    }
    assert 'no video track' in results['failed'][str(folder / 'f.mkv')]
    assert [p['sample_id'] for p in results['predictions']] == ['a', 'c', 'd']
    assert [v['n_frames'] for v in results['videos']] == [10]
    assert sorted(p.name for p in out.iterdir()) == [
        'a.npy', 'a.png', 'c.npy', 'c.png', 'd.npy', 'd.png', 'e.json',
        'e.mp4', 'predictions.json'
    ]
    alone, = inferencer(
        dict(image=folder / 'frames/c.jpg',
             audio=folder / 'audio/c.wav'))['predictions']
    mine = results['predictions'][1]
    assert mine['confidence'] == pytest.approx(alone['confidence'], 1e-4)
    assert mine['box'] == pytest.approx(alone['box'], abs=0.03)


def test_odd_names_do_not_stop_the_rest(inferencer: LocalizationInferencer,
                                        tmp_path: Path, make_clip) -> None:
    """A name too long for its json, a dash, a GIF, a film of Windows."""
    folder, out = tmp_path / 'in', tmp_path / 'out'
    folder.mkdir()
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (5, 32, 48, 3), np.uint8)
    sound = rng.integers(-99, 99, 8000, np.int16)
    long = 'x' * 251
    for name in (f'{long}.mp4', '-0je.mp4', 'b.mkv'):
        write_media(folder / name, sound, 8000, 'aac', frames)
    (folder / 'b.mkv').rename(folder / 'b.WMV')
    write_media(folder / 'c.wav', sound, 8000)
    Image.fromarray(frames[0]).save(
        folder / 'c.gif',
        save_all=True,
        append_images=[Image.fromarray(frames[1])])
    results = inferencer.infer_folder(folder, out, every=5)
    assert [Path(v['files']['video']).name
            for v in results['videos']] == ['-0je.mp4', 'b.mp4']
    (failed, reason), = results['failed'].items()
    assert Path(failed).stem == long and 'File name too long' in reason
    first = np.array(Image.open(folder / 'c.gif').convert('RGB'))
    alone, = inferencer(dict(image=first,
                             audio=folder / 'c.wav'))['predictions']
    found, = results['predictions']
    assert found['sample_id'] == 'c'
    assert found['confidence'] == pytest.approx(alone['confidence'], 1e-5)
    assert not [path for path in out.iterdir() if path.name[0] == '.']


def test_prepared_layout(tmp_path: Path) -> None:
    touch_all(tmp_path / name
              for name in ('frames/b.jpg', 'frames/a.x.PNG', 'frames/c.jpg',
                           'audio/b.wav', 'audio/a.x.flac', 'audio/d.wav',
                           'frames/.hidden.jpg', 'e.mp4', 'f.wav', 'more/g'))
    found = find_inputs(tmp_path)
    assert found.pairs == [
        dict(
            sample_id=name,
            image=str(tmp_path / 'frames' / image),
            audio=str(tmp_path / 'audio' / audio))
        for name, image, audio in (('a.x', 'a.x.PNG', 'a.x.flac'),
                                   ('b', 'b.jpg', 'b.wav'))
    ]
    assert found.videos == [str(tmp_path / 'e.mp4')]
    assert {Path(path).name: reason
            for path, reason in found.left_out.items()} == {
                'c.jpg': 'no sound of this name',
                'd.wav': 'no picture of this name',
                'f.wav': 'no picture of this name',
                'more': 'a folder within the folder'
            }  # yapf: disable


def test_side_by_side(tmp_path: Path) -> None:
    touch_all(tmp_path / n
              for n in ('a.jpg', 'a.png', 'a.wav', 'a.mp4', 'z.webm', 'y.MOV',
                        'y.avi', '._z.mp4', 'photo.jxl', 'notes.txt'))
    found = find_inputs(str(tmp_path))
    assert [Path(p['image']).name for p in found.pairs] == ['a.jpg']
    assert [Path(v).name for v in found.videos] == ['a.mp4', 'y.MOV', 'z.webm']
    assert {Path(path).name: reason
            for path, reason in found.left_out.items()} == {
                'a.png': 'has the name of a.jpg; rename one',
                'y.avi': 'has the name of y.MOV; rename one',
                'photo.jxl': 'this kind of picture is not read',
                'notes.txt': f'no picture, sound or video in {tmp_path.name}/'
            }  # yapf: disable


@pytest.mark.parametrize('kind', [PICTURES, SOUNDS, VIDEOS])
def test_every_suffix_is_taken(tmp_path: Path, kind: tuple) -> None:
    touch_all(tmp_path / f'{i}{suffix}' for i, suffix in enumerate(kind))
    other = dict.fromkeys(PICTURES, '.wav') | dict.fromkeys(SOUNDS, '.jpg')
    touch_all(tmp_path / f'{i}{other[suffix]}' for i, suffix in enumerate(kind)
              if suffix in other)
    found = find_inputs(tmp_path)
    assert len(found.pairs) + len(found.videos) == len(kind)
    assert not found.left_out


@pytest.mark.parametrize('names, message', [
    (['a.jpg', 'b.wav'], r'found 1 picture\(s\) and 1 sound\(s\), of which'),
    (['notes.txt'], r'found 0 picture\(s\)'),
])
def test_nothing_to_infer(tmp_path: Path, names: list, message: str) -> None:
    touch_all(tmp_path / name for name in names)
    with pytest.raises(ValueError, match=f'{tmp_path}: {message}'):
        find_inputs(tmp_path)
    with pytest.raises(NotADirectoryError, match='none: no such folder'):
        find_inputs(tmp_path / 'none')
