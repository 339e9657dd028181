"""Folders: which files are taken, which are named as left out."""
from pathlib import Path

from fnac_mm.datasets.clip_files import (ClipFiles, count_torn_groups,
                                         list_folder, match_suffixes)

SUFFIXES = dict(img_path=('.jpg', '.png'), audio_path=('.wav', ))


def test_only_the_known_suffix_is_removed():
    names = ['v_1.mp4_2.png', 'a.jpg', 'a.png', 'c.jpg.txt']
    assert match_suffixes(names, ('.jpg', '.png'), 'f') == {
        'v_1.mp4_2': 'f/v_1.mp4_2.png',
        'a': 'f/a.jpg'
    }
    assert match_suffixes(names, ('.png', '.jpg'))['a'] == 'a.png'


def test_suffixes_in_any_case():
    names = ['a.JPG', 'b.Jpg', 'b.jpg', 'c.JPG', 'c.png']
    assert match_suffixes(names, ('.jpg', '.png')) == {
        'a': 'a.JPG',
        'b': 'b.jpg',
        'c': 'c.JPG'
    }
    assert match_suffixes(['a.jpg'], ('.JPG', )) == {'a': 'a.jpg'}


def test_media_that_are_left_out(tmp_path: Path):
    for name in ('a.JPG', 'b.gif', 'c.HEIC', 'a.WAV', 'd.flac', 'list.txt',
                 '._e.gif'):
        (tmp_path / name).touch()
    folder = str(tmp_path)
    files = ClipFiles(dict(img_path=folder, audio_path=folder), SUFFIXES)
    assert files.ids() == {'a'}
    assert files.left_out() == {folder: ['b.gif', 'c.HEIC', 'd.flac']}


def test_hidden_files_are_no_media(tmp_path: Path):
    for name in ('._a.jpg', '.jpg', 'a.jpg'):
        (tmp_path / name).touch()
    assert list_folder(tmp_path, 'img_path') == ['a.jpg']


def test_folders_are_listed_once(tmp_path: Path, monkeypatch):
    listed = []

    def fake(folder: str, argument: str) -> list:
        listed.append(folder)
        return ['a.jpg', 'a.wav', 'b.jpg', 'c.wav']

    monkeypatch.setattr('fnac_mm.datasets.clip_files.list_folder', fake)
    files = ClipFiles(dict(img_path='x', audio_path='x'), SUFFIXES)
    assert listed == ['x'] and files.ids() == {'a'}
    missing = files.describe_missing(['a', 'b', 'c', 'd'])
    assert '2 without a frame' in missing and "'c', 'd'" in missing
    assert '2 without a recording' in missing and "'b', 'd'" in missing


def test_groups_of_which_a_part_is_absent():
    listed = {i: dict(group=i[:1]) for i in ('a1', 'a2', 'a3', 'b1', 'c1')}
    found = [dict(group=group) for group in 'aab']
    assert count_torn_groups('x', listed, found) == 1
    assert count_torn_groups('x', {}, []) == 0
