"""Lists and folders: what is accepted, what is refused and how."""
from pathlib import Path

import pytest

from fnac_mm.datasets.media_index import (ClipFiles, list_folder,
                                          match_suffixes, read_id_list)

SUFFIXES = dict(img_path=('.jpg', '.png'), audio_path=('.wav', ))


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize('content', [
    b'a_b\nc.d_e\n-f', b'a_b\r\nc.d_e\r\n-f\r\n', b'\xef\xbb\xbfa_b\nc.d_e\n-f'
])
def test_line_ends_bom_and_last_newline(tmp_path: Path, content: bytes):
    ids = read_id_list(write(tmp_path / 'list.txt', content))
    assert list(ids.items()) == [('a_b', None), ('c.d_e', None), ('-f', None)]


def test_csv_has_ids_and_classes(tmp_path: Path):
    path = write(
        tmp_path / 'list.csv',
        b'0123,202\r\nx,female speech, woman speaking\r\n'
        b'y,"a, b"\r\nz\r\n')
    assert read_id_list(path) == {
        '0123': '202',
        'x': 'female speech, woman speaking',
        'y': 'a, b',
        'z': None
    }


@pytest.mark.parametrize('content, message', [
    (b'', 'empty'),
    (b'a\n\nb\n', 'line 2: blank'),
    (b'a\n  \n', 'line 2: blank'),
    (b'a\nb/c\n', "line 2: 'b/c'"),
    (b'a\\b\n', 'line 1'),
    (b'a\n..\n', 'line 2'),
    (b'a\nb\x00c\n', 'line 2'),
    (b'ok\nfine\n\xff\xfe\n', 'line 3: not UTF-8'),
    (b'a\nb\na\nb\na\n', '3 line.s. repeat an id'),
])
def test_malformed_lists(tmp_path: Path, content: bytes, message: str):
    path = write(tmp_path / 'bad_list.txt', content)
    with pytest.raises(ValueError, match=message) as caught:
        read_id_list(path)
    assert str(path) in str(caught.value)


def test_absent_list(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match='nowhere.txt'):
        read_id_list(tmp_path / 'nowhere.txt')


def test_only_the_known_suffix_is_removed():
    names = ['v_1.mp4_2.png', 'a.jpg', 'a.png', 'b.JPG', 'c.jpg.txt']
    assert match_suffixes(names, ('.jpg', '.png'), 'f') == {
        'v_1.mp4_2': 'f/v_1.mp4_2.png',
        'a': 'f/a.jpg'
    }
    assert match_suffixes(names, ('.png', '.jpg'))['a'] == 'a.png'


def test_hidden_files_are_no_media(tmp_path: Path):
    for name in ('._a.jpg', '.jpg', 'a.jpg'):
        (tmp_path / name).touch()
    assert list_folder(tmp_path, 'img_path') == ['a.jpg']


def test_folders_are_listed_once(tmp_path: Path, monkeypatch):
    listed = []

    def fake(folder: str, argument: str) -> list:
        listed.append(folder)
        return ['a.jpg', 'a.wav', 'b.jpg', 'c.wav']

    monkeypatch.setattr('fnac_mm.datasets.media_index.list_folder', fake)
    files = ClipFiles(dict(img_path='x', audio_path='x'), SUFFIXES)
    assert listed == ['x'] and files.ids() == {'a'}
    missing = files.describe_missing(['a', 'b', 'c', 'd'])
    assert '2 without a frame' in missing and "'c', 'd'" in missing
    assert '2 without a recording' in missing and "'b', 'd'" in missing


def test_no_media_says_what_is_there(tmp_path: Path):
    for name in ('a.jpeg', 'b.jpeg', 'a.wav', 'README'):
        (tmp_path / name).touch()
    folders = dict(img_path=str(tmp_path), audio_path=str(tmp_path))
    with pytest.raises(ValueError, match=r'\.jpeg x2') as caught:
        ClipFiles(folders, SUFFIXES)
    assert str(tmp_path) in str(caught.value)
    assert "'.jpg', '.png'" in str(caught.value)
    folders['img_path'] = str(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='nowhere.*img_path'):
        ClipFiles(folders, SUFFIXES)
