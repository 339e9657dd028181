"""The base data set: what is listed, found, replaced and repeated."""
import copy
import logging
from pathlib import Path
from typing import Any, Callable, Iterator, List

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger
from mmengine.registry import DATASETS as ROOT_DATASETS
from torch.utils.data import DataLoader

from fnac_mm.datasets import AVLocalizationDataset, collate_av
from .packs import infos_of

IDS = ['-a_0', '10', '9', 'B.x', 'b']  # in the order of strings
PIPELINE = [
    dict(type='LoadImage', on_error='skip'),
    dict(type='LoadAudio', duration=0.1, on_error='skip'),
    dict(type='mmpretrain.RandomCrop', crop_size=20),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackAVInputs'),
]
BARE = [
    dict(type='LoadImage', on_error='skip'),
    dict(type='LoadAudio', duration=0.1, on_error='skip'),
    dict(type='PackAVInputs'),
]


@pytest.fixture()
def clips(tmp_path: Path, make_clip: Callable) -> Path:
    """Five clips."""
    for i in IDS:
        make_clip(tmp_path, i, seconds=0.2)
    return tmp_path


@pytest.fixture()
def log() -> Iterator[List[str]]:
    """Messages of MMEngine's logger."""
    messages: List[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(  # type: ignore
        f'{record.levelname}: {record.getMessage()}')
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)


def make(root: Path, **kwargs: Any) -> AVLocalizationDataset:
    return AVLocalizationDataset(data_root=str(root), **kwargs)


def ids_of(dataset: AVLocalizationDataset) -> List[str]:
    return [info['sample_id'] for info in infos_of(dataset)]


def name_at(dataset: AVLocalizationDataset, index: int) -> str:
    return dataset[index]['data_samples'].sample_id


def spoil(root: Path, *ids: str) -> None:
    for i in ids:
        path = root / 'frames' / f'{i}.jpg'
        path.write_bytes(path.read_bytes()[:-100])


def test_all_clips_sorted_as_strings(clips: Path, log: List[str]):
    (clips / 'frames' / 'no_sound.jpg').touch()
    dataset = make(clips)
    assert ids_of(dataset) == IDS
    info = dataset.get_data_info(3)
    assert info['img_path'] == str(clips / 'frames' / 'B.x.jpg')
    assert info['audio_path'] == str(clips / 'audio' / 'B.x.wav')
    (clips / 'frames' / 'x.JPEG').touch()
    make(clips)
    assert any("1 file(s) in" in line and '.JPEG x1' in line for line in log)
    metainfo = dict(dataset.metainfo)
    assert metainfo.pop('list_sha256')
    assert metainfo == dict(
        dataset_name='av_localization',
        combine='union',
        consensus=2,
        n_listed=5,
        n_found=5,
        n_excluded=0)
    assert any('5 found of 5 listed, 0 excluded' in line for line in log)


def test_list_exclude_and_classes(clips: Path, log: List[str]):
    (clips / 'list.csv').write_text('b,dog\nB.x,cat\n9\nabsent,cow\n10,hen\n')
    (clips / 'out.txt').write_text('10\nunrelated\n')
    (clips / 'out.csv').write_text('B.x,cat\n')
    dataset = make(clips, list_file='list.csv', exclude=['out.txt', 'out.csv'])
    assert ids_of(dataset) == ['9', 'b']
    assert dataset.get_data_info(1)['class_name'] == 'dog'
    assert 'class_name' not in dataset.get_data_info(0)
    meta = dataset.metainfo
    assert (meta['n_listed'], meta['n_excluded'], meta['n_found']) == (5, 2, 2)
    assert any("1 without a frame" in line and "'absent'" in line
               for line in log if line.startswith('WARNING'))
    assert len(make(clips, exclude='out.txt')) == 4
    assert dataset.annotation_files() == [
        (argument, str(clips / name))
        for argument, name in (('list_file', 'list.csv'),
                               ('exclude', 'out.txt'), ('exclude', 'out.csv'))
    ]
    paths = AVLocalizationDataset(data_root=clips, exclude=clips / 'out.txt')
    assert ids_of(paths) == ids_of(make(clips, exclude='out.txt'))


def test_missing_media_in_tests(clips: Path):
    (clips / 'list.txt').write_text('b\nabsent\n9\n')
    (clips / 'audio' / '9.wav').unlink()
    with pytest.raises(FileNotFoundError) as caught:
        make(clips, list_file='list.txt', test_mode=True)
    message = str(caught.value)
    for part in ('1 found of 3 listed', "1 without a frame", "('absent')",
                 "2 without a recording", str(clips / 'frames'),
                 str(clips / 'audio'), 'allow_missing=True'):
        assert part in message
    dataset = make(
        clips, list_file='list.txt', test_mode=True, allow_missing=True)
    assert (dataset.metainfo['n_listed'], len(dataset)) == (3, 1)
    with pytest.raises(FileNotFoundError):
        make(clips, list_file='list.txt', allow_missing=False)


def test_nothing_left(clips: Path):
    (clips / 'list.txt').write_text('x\ny\n')
    with pytest.raises(FileNotFoundError, match='no clip is left.*2 without'):
        make(clips, list_file='list.txt')
    with pytest.raises(ValueError, match=r"'\.png'.*\.jpg x5"):
        make(clips, img_suffix='.png')


@pytest.mark.parametrize('kwargs, message', [
    (dict(img_suffix=()), 'img_suffix'),
    (dict(audio_suffix='wav'), 'audio_suffix'),
    (dict(max_bad_fraction=2.0), 'max_bad_fraction'),
    (dict(data_prefix=dict(img_path='frames')), 'audio_path'),
    (dict(ann_file='boxes.json'), 'ann_file=.*VGGSS'),
])
def test_arguments(clips: Path, kwargs: dict, message: str):
    with pytest.raises(ValueError, match=message):
        make(clips, **kwargs)


def test_broken_media_are_replaced_by_the_next(clips: Path, log: List[str]):
    spoil(clips, '10')
    dataset = make(clips, pipeline=BARE)
    for _ in range(2):
        assert [name_at(dataset, i)
                for i in range(5)] == ['-a_0', '9', '9', 'B.x', 'b']
    warnings = [line for line in log if 'Unreadable' in line]
    assert len(warnings) == 1 and '10.jpg' in warnings[0]
    assert 'truncated' in warnings[0]


def test_the_last_is_replaced_by_the_first(clips: Path):
    (clips / 'audio' / 'b.wav').write_bytes(b'')
    dataset = make(clips, pipeline=BARE)
    assert name_at(dataset, 4) == name_at(dataset, -1) == '-a_0'
    with pytest.raises(IndexError, match='index 5'):
        dataset[5]


def test_too_many_broken_media(clips: Path):
    spoil(clips, '10', 'B.x')
    dataset = make(clips, pipeline=BARE)
    assert name_at(dataset, 1) == '9'
    with pytest.raises(RuntimeError, match='2 of 5.*B.x.jpg'):
        dataset[3]
    with pytest.raises(RuntimeError, match='1 of 5.*10.jpg'):
        make(clips, pipeline=BARE, max_bad_fraction=0.0)[1]
    tolerant = make(clips, pipeline=BARE, max_bad_fraction=1.0)
    assert name_at(tolerant, 3) == 'b'
    spoil(clips, *IDS)
    with pytest.raises(RuntimeError, match='no readable sample'):
        tolerant[0]


def test_broken_media_in_tests(clips: Path):
    spoil(clips, '10')
    with pytest.raises(ValueError, match='10.jpg.*truncated.*test'):
        make(clips, pipeline=BARE, test_mode=True)[1]
    pipeline = [dict(type='LoadImage'), *BARE[1:]]
    with pytest.raises(ValueError, match='10.jpg.*truncated'):
        make(clips, pipeline=pipeline, test_mode=True)[1]
    dataset = make(clips, pipeline=[lambda results: None], test_mode=True)
    with pytest.raises(ValueError, match='9.jpg.*returned None'):
        dataset[2]


def loader_of(dataset: AVLocalizationDataset, **kwargs: Any) -> DataLoader:
    return DataLoader(dataset, batch_size=2, collate_fn=collate_av, **kwargs)


def images(loader: DataLoader) -> torch.Tensor:
    return torch.cat([batch['inputs']['image'] for batch in loader])


def test_draws_depend_on_seed_epoch_and_index_only(clips: Path):
    dataset = make(clips, pipeline=PIPELINE)
    workers = loader_of(dataset, num_workers=2, persistent_workers=True)
    alone = loader_of(make(clips, pipeline=PIPELINE))
    epochs = []
    for seed, epoch in ((3, 0), (3, 1), (4, 1)):
        dataset.set_epoch(seed, epoch)
        alone.dataset.set_epoch(seed, epoch)
        torch.manual_seed(epoch)  # must not matter
        np.random.seed(epoch)
        epochs.append(images(workers))
        assert torch.equal(epochs[-1], images(alone))
        single = torch.stack([dataset[i]['inputs']['image'] for i in (4, 2)])
        assert torch.equal(single, epochs[-1][[4, 2]])
    assert not torch.equal(epochs[0], epochs[1])
    assert not torch.equal(epochs[1], epochs[2])


def test_workers_count_broken_media_together(clips: Path):
    spoil(clips, '-a_0', 'B.x')  # first batch of each worker
    dataset = make(clips, pipeline=BARE, max_bad_fraction=0.4)
    loader = loader_of(dataset, num_workers=2, persistent_workers=True)
    for _ in range(2):
        names = [s.sample_id for b in loader for s in b['data_samples']]
        assert names == ['10', '10', '9', 'b', 'b']
    assert dataset._faults.count == 2
    spoil(clips, 'b')
    with pytest.raises(RuntimeError, match="3 of 5.*'-a_0', 'B.x', 'b'"):
        list(loader)


@pytest.mark.parametrize('serialize', [True, False])
def test_subsets_and_copies(clips: Path, serialize: bool):
    dataset = make(clips, pipeline=PIPELINE, serialize_data=serialize)
    dataset.set_epoch(1, 2)
    subset = dataset.get_subset([3, 1])
    # MMEngine's own dictionary lives as long as the process.
    shared, = BaseDataset._copy_without_annotation.__defaults__
    assert id(dataset) not in shared
    assert ids_of(subset) == ['B.x', '10'] and ids_of(dataset) == IDS
    other = copy.deepcopy(dataset)
    assert torch.equal(other[2]['inputs']['image'],
                       dataset[2]['inputs']['image'])
    other.set_epoch(1, 3)
    assert dataset._seed._state.tolist() == [1, 2]
    dataset.get_subset_(-2)
    assert ids_of(dataset) == IDS[-2:]
    assert ids_of(make(clips, indices=[0, 4],
                       serialize_data=serialize)) == ['-a_0', 'b']


def test_built_by_name_from_another_scope_when_it_is_needed(clips: Path):
    dataset = ROOT_DATASETS.build(
        dict(
            type='fnac_mm.AVLocalizationDataset',
            data_root=str(clips),
            dataset_name='mine',
            lazy_init=True,
            pipeline=BARE))
    assert 'n_found' not in dataset.metainfo
    assert name_at(dataset, 1) == '10'
    dataset.full_init()
    assert dataset.metainfo['n_found'] == len(dataset) == 5
    assert dataset.metainfo['dataset_name'] == 'mine'
