"""Lists of ids: what is accepted, what is refused and how."""
from pathlib import Path

import pytest
from mmengine.logging import MMLogger

from fnac_mm.datasets.id_lists import read_exclusions, read_id_list


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


CLIPS = [f'AbCdEfGhIj{c}_000030' for c in 'KLM']


@pytest.mark.parametrize('name, content', [
    ('id_class.csv', 'AbCdEfGhIjK_000030,dog\n'),
    ('vggsound.csv', 'AbCdEfGhIjK,30,"dog, barking",test\n'),
    ('id_class.txt', 'AbCdEfGhIjK_000030,dog\n'),
    ('files.txt', 'AbCdEfGhIjK_000030.mp4\nother_id_xx_000001.MP4\n'),
    ('files.csv', 'AbCdEfGhIjK_000030.wav,dog\n'),
    ('comma.txt', 'AbCdEfGhIjK,30,dog\n'),
    ('short.txt', 'AbCdEfGhIjK_30\n'),
])
def test_known_forms_of_an_exclusion(tmp_path: Path, name: str, content: str):
    path = write(tmp_path / name, content.encode())
    assert read_exclusions([path], CLIPS) == {CLIPS[0]}


def test_an_exclusion_in_another_form_is_refused(tmp_path: Path):
    path = write(tmp_path / 'x.txt', b'AbCdEfGhIjK_000030\nAbCdEfGhIjL\n')
    with pytest.raises(ValueError, match="x.txt: 1 of 2.*'AbCdEfGhIjL'"):
        read_exclusions([path], CLIPS)
    # Something behind the start is another clip.
    path = write(tmp_path / 'z.txt', b'AbCdEfGhIjK_000030_extra\n')
    with pytest.raises(ValueError, match='_extra'):
        read_exclusions([path], CLIPS)
    # Numbers of 11 digits are no ids of YouTube.
    path = write(tmp_path / 'y.txt', b'10000000001,7\n')
    assert read_exclusions([path], ['10000000001', '9']) == {'10000000001'}


def test_an_exclusion_that_excludes_nothing_is_logged(tmp_path: Path, caplog):
    path = write(tmp_path / 'x.txt', b'AbCdEfGhIjX_000030\n')
    MMLogger.get_current_instance().addHandler(caplog.handler)
    try:
        assert read_exclusions([path], CLIPS) == set()
    finally:
        MMLogger.get_current_instance().removeHandler(caplog.handler)
    assert 'x.txt: none of its 1 entries' in caplog.text
    assert CLIPS[0] in caplog.text and 'excludes nothing' in caplog.text


def test_rows_of_vggsound(tmp_path: Path):
    path = write(tmp_path / 'vggsound.csv',
                 b'AbCdEfGhIjK,30,"playing cello, bowed",train\r\n')
    assert read_id_list(path) == {CLIPS[0]: 'playing cello, bowed'}
