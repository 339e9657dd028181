"""The published training lists (counts: spec of the benchmarks, 1.3-1.4)."""
from pathlib import Path
from typing import Callable

import pytest

from fnac_mm.datasets import FlickrSoundNet, VGGSound, read_id_list


@pytest.fixture()
def fake_folders(monkeypatch) -> Callable[[Path], None]:
    """Let the folders hold the media of all ids of a list."""

    def fake(list_file: Path) -> None:
        ids = list(read_id_list(list_file))

        def listing(folder: str, argument: str) -> list:
            suffix = '.wav' if argument == 'audio_path' else '.jpg'
            return [i + suffix for i in reversed(ids)]

        monkeypatch.setattr('fnac_mm.datasets.clip_files.list_folder', listing)

    return fake


@pytest.mark.parametrize('name, exclude, listed, excluded', [
    ('fnac/vggss_144k.txt', 'fnac/vggss_test.csv', 144000, 3715),
    ('fnac/vggss_heard.txt', 'fnac/vggss_test.csv', 59468, 0),
    ('fnac/flickr_144k.txt', 'fnac/flickr_test.csv', 144000, 20),
])
def test_published_lists(shared: Path, fake_folders: Callable, name: str,
                         exclude: str, listed: int, excluded: int):
    lists = shared / 'metadata'
    fake_folders(lists / name)
    cls = FlickrSoundNet if 'flickr' in name else VGGSound
    dataset = cls(
        data_root=str(lists),
        list_file=name,
        exclude=exclude,
        dataset_name=name)
    assert len(dataset) == listed - excluded
    meta = dataset.metainfo
    assert (meta['n_listed'], meta['n_excluded'],
            meta['n_found']) == (listed, excluded, listed - excluded)
    assert meta['dataset_name'] == name
    ids = [dataset.get_data_info(i)['sample_id'] for i in (0, 1, -1)]
    assert ids == sorted(ids)
    assert not set(ids) & set(read_id_list(lists / exclude))


def test_whole_folder_is_vggsound_full(shared: Path, fake_folders: Callable):
    lists = shared / 'metadata' / 'fnac'
    fake_folders(lists / 'vggss_10k.txt')
    dataset = VGGSound(
        data_root=str(lists),
        exclude=['vggss_heard_test.csv', 'vggss_unheard_test.csv'])
    assert dataset.metainfo['n_listed'] == 10000
    assert dataset.metainfo['combine'] == 'union'
    # 19 test clips are in neither list.
    test = set(read_id_list(lists / 'vggss_heard_test.csv'))
    test |= set(read_id_list(lists / 'vggss_unheard_test.csv'))
    leaked = test & set(read_id_list(lists / 'vggss_10k.txt'))
    assert len(dataset) == 10000 - len(leaked)
