"""Samples of packed data are those of the files, bit for bit."""
import multiprocessing
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest
import soundfile
import torch
from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader

from fnac_mm.datasets import LoadAudio, collate_av
from fnac_mm.datasets.packed.reader import PackedDataError
from fnac_mm.datasets.transforms.packed import packable_steps
from ..packs import build, pack, synthetic_config


@pytest.fixture(autouse=True)
def scope():
    """The default scope of a Runner with our configs."""
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        yield


def assert_same(ours: Dict[str, Any], theirs: Dict[str, Any]) -> None:
    for key, value in theirs['inputs'].items():
        assert torch.equal(ours['inputs'][key], value), key
    assert ours['data_samples'].metainfo == theirs['data_samples'].metainfo
    found = ours['data_samples']
    for key, value in theirs['data_samples'].items():
        if key == 'gt_boxes':
            assert np.array_equal(found.gt_boxes, value)
        else:
            assert torch.equal(getattr(found, key).data, value.data)


def assert_same_data(ours: BaseDataset, theirs: BaseDataset) -> None:
    assert len(ours) == len(theirs) > 0
    assert ours.metainfo == theirs.metainfo
    for index in range(len(theirs)):
        assert_same(ours[index], theirs[index])


@pytest.mark.parametrize('image_format', ['raw', 'png'])
@pytest.mark.parametrize('split', ['train', 'val'])
def test_the_same_samples(synthetic: Path, tmp_path: Path, split: str,
                          image_format: str):
    config = synthetic_config(synthetic, split)
    pack(config, tmp_path / 'p', image_format=image_format)
    theirs, ours = build(config), build(config, packed=str(tmp_path / 'p'))
    pictures = []
    for epoch in (0, 1):
        ours.set_epoch(7, epoch), theirs.set_epoch(7, epoch)
        assert_same_data(ours, theirs)
        pictures.append(ours[0]['inputs']['image'])
    # The draws are still made when it is read.
    assert torch.equal(*pictures) is (split == 'val')


@pytest.mark.parametrize('method, workers', [('fork', 2), ('spawn', 1)])
def test_the_same_batches_from_workers(synthetic: Path, tmp_path: Path,
                                       method: str, workers: int):
    config = synthetic_config(synthetic)
    pack(config, tmp_path / 'p')
    theirs, ours = build(config), build(config, packed=str(tmp_path / 'p'))
    ours.set_epoch(3, 1), theirs.set_epoch(3, 1)
    assert ours[0] and ours.get_subset([2, 1])[0]
    loader = DataLoader(
        ours,
        batch_size=5,
        num_workers=workers,
        collate_fn=collate_av,
        multiprocessing_context=multiprocessing.get_context(method))
    for start, batch in zip(range(0, len(theirs), 5), loader):
        samples = [theirs[i] for i in range(start, min(start + 5, len(ours)))]
        expected = collate_av(samples)['inputs']
        for key in ('image', 'waveform'):
            assert torch.equal(batch['inputs'][key], expected[key])


def test_lists_are_those_of_the_training(synthetic: Path, tmp_path: Path):
    """What is excluded after packing is not trained on; no file is needed."""
    config = synthetic_config(synthetic)
    pack(config, tmp_path / 'p')
    ids = (synthetic / 'metadata' / 'train.txt').read_text().split()
    (tmp_path / 'some.txt').write_text('\n'.join(ids[:10]))
    (tmp_path / 'test.csv').write_text(f'{ids[3]},x\n')
    ours, theirs = (
        build(
            config,
            list_file=str(tmp_path / 'some.txt'),
            exclude=[str(tmp_path / 'test.csv')],
            **packed) for packed in (dict(packed=str(tmp_path / 'p')), {}))
    ours.set_epoch(0, 0), theirs.set_epoch(0, 0)
    assert ours.metainfo['n_excluded'] == 1 and len(ours) == 9
    assert ids[3] not in {s['data_samples'].sample_id for s in ours}
    assert_same_data(ours, theirs)
    (tmp_path / 'metadata').mkdir()
    (tmp_path / 'metadata' / 'train.txt').write_text('\n'.join(ids))
    alone = build(config, data_root=str(tmp_path), packed='p')
    assert len(alone) == 24 and alone[3]['inputs']['image'].shape[-1] == 112


def test_broken_files_count_as_they_do_unpacked(tmp_path: Path,
                                                make_clip: Callable):
    names = [f'clip{i}' for i in range(8)]
    for name in names:
        make_clip(tmp_path, name, size=(64, 50))
    (tmp_path / 'frames' / 'clip2.jpg').write_bytes(b'broken')
    (tmp_path / 'audio' / 'clip5.wav').write_bytes(b'broken')
    (tmp_path / 'list.txt').write_text('\n'.join(names))
    config = dict(
        type='VGGSound',
        data_root=str(tmp_path),
        list_file='list.txt',
        max_bad_fraction=0.25,
        pipeline=[
            dict(type='LoadImage', on_error='skip'),
            dict(type='LoadAudio', duration=0.5, on_error='skip'),
            dict(type='mmpretrain.RandomCrop', crop_size=32),
            dict(type='PackAVInputs')
        ])
    failed = pack(config, tmp_path / 'p')['failed']
    assert set(failed) == {'img_path/clip2.jpg', 'audio_path/clip5.wav'}
    theirs, ours = build(config), build(config, packed='p')
    ours.set_epoch(0, 0), theirs.set_epoch(0, 0)
    assert_same_data(ours, theirs)
    assert ours._faults.count == theirs._faults.count == 2
    assert ours[2]['data_samples'].sample_id == 'clip3'
    strict = build(dict(config, max_bad_fraction=0.2), packed='p')
    with pytest.raises(RuntimeError, match="'clip2', 'clip5'"):
        _ = [strict[i] for i in range(8)]
    config['pipeline'][0] = dict(type='LoadImage')
    with pytest.raises(ValueError, match='clip2.jpg'):
        build(config, packed='p')[2]


@pytest.mark.parametrize('channels, rate', [(2, 16000), (1, 44100)])
def test_sound_that_16_bits_do_not_hold(tmp_path: Path, make_clip: Callable,
                                        channels: int, rate: int):
    make_clip(tmp_path, 'a')
    sound = np.random.default_rng(0).uniform(-.9, .9, (4 * rate, channels))
    soundfile.write(tmp_path / 'audio' / 'a.wav', sound, rate)
    config = dict(
        type='VGGSound',
        data_root=str(tmp_path),
        pipeline=[dict(type='LoadImage'),
                  dict(type='LoadAudio')])
    expected = LoadAudio()(dict(audio_path=str(tmp_path / 'audio' /
                                               'a.wav')))['waveform']
    pack(config, tmp_path / 'p')
    packed = build(config, packed='p')[0]['waveform']
    np.testing.assert_array_equal(packed, expected)


def test_other_steps_are_refused(synthetic: Path, tmp_path: Path):
    config = synthetic_config(synthetic)
    pack(config, tmp_path / 'p')
    longer = [dict(step) for step in config['pipeline']]
    longer[1]['duration'] = 1.0
    for pipeline in (longer, config['pipeline'][:2] + config['pipeline'][3:],
                     synthetic_config(synthetic, 'val')['pipeline']):
        with pytest.raises(ValueError, match='other steps'):
            build(config, pipeline=pipeline, packed=str(tmp_path / 'p'))
    with pytest.raises(ValueError, match='LoadImage and LoadAudio'):
        build(config, pipeline=[], packed=str(tmp_path / 'p'))


def test_nothing_random_is_packed(synthetic: Path):
    steps = packable_steps(synthetic_config(synthetic)['pipeline'])
    assert [step['type'] for step in steps
            ] == ['LoadImage', 'LoadAudio', 'fnac_mm.ResizeShortEdge']
    with pytest.raises(ValueError, match='RandomFlip'):
        packable_steps([steps[0], dict(type='RandomFlip'), *steps[1:]])


def test_damage_names_file_and_sample(synthetic: Path, tmp_path: Path):
    config = synthetic_config(synthetic)
    pack(config, tmp_path / 'p')
    ours = build(config, packed=str(tmp_path / 'p'))
    picture = next(iter(ours))['inputs']['image']
    assert picture.shape == (3, 112, 112)
    media = ours._packed.media
    key = 'img_path/' + media.names('img_path')[4]
    content = bytearray((tmp_path / 'p' / 'data.mdb').read_bytes())
    content[content.find(bytes(media.get(key)[1])) + 9] ^= 4
    (tmp_path / 'p' / 'data.mdb').write_bytes(content)
    with pytest.raises(PackedDataError) as error:
        build(config, packed=str(tmp_path / 'p'))[4]
    sample_id = ours.get_data_info(4)['sample_id']
    for part in (repr(sample_id), str(tmp_path / 'p' / 'data.mdb'), key):
        assert part in str(error.value)


def test_frames_in_trees_with_masks(tmp_path: Path):
    """AVSBench: five frames share a sound, each has a mask."""
    from PIL import Image
    rng = np.random.default_rng(0)
    (tmp_path /
     'list.csv').write_text('name,split\nv_1,test\nv_2,test\nw,train\n')
    for clip in ('v_1', 'v_2'):
        sound = tmp_path / 'ms3_data/audio_wav/test'
        sound.mkdir(parents=True, exist_ok=True)
        soundfile.write(sound / f'{clip}.wav',
                        rng.normal(size=60000) * .2, 16000)
        for number in range(1, 6):
            frame = (f'visual_frames/{clip}/{clip}.mp4_{number}.png',
                     rng.integers(0, 256, (50, 60, 3), np.uint8))
            mask = (f'gt_masks/test/{clip}/{clip}_{number}.png',
                    255 * rng.integers(0, 2, (50, 60), np.uint8))
            for name, array in (frame, mask):
                path = tmp_path / 'ms3_data' / name
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(array).save(path)
    config = dict(
        type='AVSBenchMS3',
        data_root=str(tmp_path),
        ann_file='list.csv',
        test_mode=True,
        pipeline=[
            dict(type='LoadMask', size=32),
            dict(type='LoadImage'),
            dict(type='LoadAudio'),
            dict(type='Resize', scale=(32, 32), backend='pillow'),
            dict(type='PackAVInputs')
        ])
    assert pack(config, tmp_path / 'p')['files'] == dict(
        audio_path=2, img_path=10, mask_path=10)
    theirs, ours = build(config), build(config, packed='p')
    assert_same_data(ours, theirs)
    assert ours[3]['data_samples'].gt_mask.data.sum() > 0
    for kind in ('noise', 'silence'):
        pair = [
            build(dict(type='NegativeAudio', dataset=inner, kind=kind))
            for inner in (dict(config, packed='p'), config)
        ]
        assert_same_data(*pair)


def test_one_folder_for_frames_and_sounds(tmp_path: Path, make_clip: Callable):
    make_clip(tmp_path, 'a')
    for name in ('frames/a.jpg', 'audio/a.wav'):
        (tmp_path / name).rename(tmp_path / Path(name).name)
    config = dict(
        type='FlickrSoundNet',
        data_root=str(tmp_path),
        data_prefix=dict(img_path='', audio_path=''),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadAudio'),
            dict(type='PackAVInputs')
        ])
    pack(config, tmp_path / 'p')
    assert_same_data(build(config, packed='p'), build(config))
