"""What is listed and what is there, counted by hand."""
from pathlib import Path
from typing import Callable

import pytest

from fnac_mm.datasets import VGGSound
from fnac_mm.verification.inventory import survey_clips


@pytest.fixture()
def folder(tmp_path: Path, make_clip: Callable[..., None]) -> Path:
    """Clips a, b, c, x; b without sound, c without frame; d is listed."""
    for name in 'abcx':
        make_clip(tmp_path, name, seconds=0.1)
    (tmp_path / 'audio/b.wav').unlink()
    (tmp_path / 'frames/c.jpg').unlink()
    (tmp_path / 'list.txt').write_text('a\nb\nc\nd\ne\n')
    (tmp_path / 'test.csv').write_text('e,dog\nz,cat\n')
    return tmp_path


@pytest.mark.parametrize('test_mode', [False, True])
def test_of_a_list(folder: Path, test_mode: bool):
    dataset = VGGSound(
        data_root=folder,
        list_file='list.txt',
        exclude='test.csv',
        test_mode=test_mode,
        lazy_init=True)
    survey = survey_clips(dataset)
    assert (survey.n_listed, survey.n_excluded) == (5, 1)
    assert survey.ids == ['a', 'b', 'c', 'd']
    assert [clip['sample_id'] for clip in survey.clips] == ['a']
    assert survey.missing == dict(
        img_path={i: str(folder / f'frames/{i}.jpg')
                  for i in 'cd'},
        audio_path={i: str(folder / f'audio/{i}.wav')
                    for i in 'bd'})
    assert survey.n_unlisted == 1
    assert dataset.annotation_files() == [
        ('list_file', str(folder / 'list.txt')),
        ('exclude', str(folder / 'test.csv'))
    ]


def test_without_a_list(folder: Path):
    """What has one file should have the other."""
    survey = survey_clips(VGGSound(data_root=folder, lazy_init=True))
    assert survey.ids == ['a', 'b', 'c', 'x']
    assert [clip['sample_id'] for clip in survey.clips] == ['a', 'x']
    assert list(survey.missing['img_path']) == ['c']
    assert list(survey.missing['audio_path']) == ['b']
    assert survey.n_unlisted == 0


def test_folders_that_are_absent_are_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match='no such folder of media'):
        survey_clips(VGGSound(data_root=tmp_path, lazy_init=True))
