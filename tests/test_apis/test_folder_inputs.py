"""What a folder holds."""
from pathlib import Path

import pytest

from fnac_mm.apis import find_inputs
from ..media import touch_all


def test_prepared_layout(tmp_path: Path) -> None:
    touch_all(tmp_path / name
              for name in ('frames/b.jpg', 'frames/a.x.PNG', 'frames/c.jpg',
                           'audio/b.wav', 'audio/a.x.flac', 'audio/d.wav',
                           'frames/.hidden.jpg', 'e.mp4'))
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
    assert found.unpaired == {
        str(tmp_path / 'frames/c.jpg'): 'no sound of this name',
        str(tmp_path / 'audio/d.wav'): 'no picture of this name'
    }


def test_side_by_side_and_videos(tmp_path: Path) -> None:
    touch_all(tmp_path / n for n in ('a.jpg', 'a.wav', 'z.webm', 'y.MOV'))
    found = find_inputs(str(tmp_path))
    assert [p['sample_id'] for p in found.pairs] == ['a']
    assert [Path(v).name for v in found.videos] == ['y.MOV', 'z.webm']


@pytest.mark.parametrize('names, message', [
    (['a.jpg', 'b.wav'], r'found 1 picture\(s\) and 1 sound\(s\), of which'),
    (['notes.txt'], r'found 0 picture\(s\)'),
    (['a.jpg', 'a.png', 'a.wav'], 'a.jpg and a.png have the same name'),
    (['a.jpg', 'a.wav', 'a.mp4'], "a video and a pair are both called 'a'"),
])
def test_refused(tmp_path: Path, names: list, message: str) -> None:
    touch_all(tmp_path / name for name in names)
    with pytest.raises(ValueError, match=f'{tmp_path}: {message}'):
        find_inputs(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match='none: no such folder'):
        find_inputs(tmp_path / 'none')
