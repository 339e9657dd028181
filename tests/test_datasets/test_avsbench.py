"""AVSBench: the published trees, real lists, splits and frames."""
import json
from collections import Counter
from pathlib import Path

import pytest

from fnac_mm.datasets import AVSBenchMS3, AVSBenchS4
from tests.media import touch_all
from .packs import infos_of

CLASSES = dict(s4=AVSBenchS4, ms3=AVSBenchMS3)
# Clips, frames without an object.
COUNTS = dict(s4=(740, 6), ms3=(64, 29))


@pytest.mark.parametrize('name', CLASSES)
def test_published_lists(shared: Path, tmp_path: Path, name: str):
    """The tree is made of the published paths, not of our idea of it."""
    metadata = shared / 'metadata' / 'sslalign'
    masks = json.loads((metadata / f'{name}_seg.json').read_bytes())
    marker = f'{name}_data/'
    pairs = {}
    for entry in masks:
        below = [
            marker + entry[key].split(marker)[1]
            for key in ('image', 'audio', 'gt_box')
        ]
        pairs[below[0]] = below
        touch_all(tmp_path / path for path in below)
    clips, empty = COUNTS[name]
    for kind in ('box', 'seg'):
        dataset = CLASSES[name](
            data_root=str(tmp_path),
            ann_file=str(metadata / f'{name}_{kind}.json'),
            test_mode=True)
        assert len(dataset) == dataset.metainfo['n_listed'] == 5 * clips
        assert dataset.metainfo['n_incomplete_groups'] == 0
        infos = infos_of(dataset)
        assert Counter(Counter(i['group'] for i in infos).values()) == {
            5: clips
        }
        for info in infos:
            paths = [
                str(Path(info[key]).relative_to(tmp_path))
                for key in ('img_path', 'audio_path', 'mask_path')
            ]
            assert paths == pairs[paths[0]]
        if kind == 'box':
            assert sum(not len(i['gt_boxes']) for i in infos) == empty
        else:
            assert 'gt_boxes' not in infos[0]
        assert ('class_name' in infos[0]) == (name == 's4')
    if name == 's4':
        assert len({i['class_name'] for i in infos}) == 23


@pytest.fixture()
def s4(tmp_path: Path) -> Path:
    """A clip of each split; the one for training has its first mask only."""
    (tmp_path / 's4_meta_data.csv').write_text(
        'name,start_time,category,split\n'
        'te_1,0,dog,test\ntr_0,5,cat,train\nva_9,5,cat,val\n')
    data = tmp_path / 's4_data'
    for clip, masks in (('test/dog/te_1', 5), ('train/cat/tr_0', 1),
                        ('val/cat/va_9', 5)):
        name = clip[-4:]
        touch_all([data / f'audio_wav/{clip}.wav'] +
                  [data / f'visual_frames/{clip}/{name}_{n}.png'
                   for n in range(1, 6)] +
                  [data / f'gt_masks/{clip}/{name}_{n}.png'
                   for n in range(1, masks + 1)])  # yapf: disable
    return tmp_path


def build(folder: Path, **kwargs) -> AVSBenchS4:
    return AVSBenchS4(
        data_root=str(folder), ann_file='s4_meta_data.csv', **kwargs)


def test_csv_and_its_split(s4: Path):
    infos = infos_of(build(s4, test_mode=True))
    assert [i['sample_id']
            for i in infos] == [f'te_1_{n}' for n in range(1, 6)]
    data = s4 / 's4_data'
    assert infos[2] == dict(
        sample_id='te_1_3',
        img_path=str(data / 'visual_frames/test/dog/te_1/te_1_3.png'),
        audio_path=str(data / 'audio_wav/test/dog/te_1.wav'),
        mask_path=str(data / 'gt_masks/test/dog/te_1/te_1_3.png'),
        mask_threshold=0,
        group='te_1',
        class_name='dog',
        sample_idx=2)


def test_training_has_no_labels(s4: Path):
    infos = infos_of(build(s4, split='train'))
    assert len(infos) == 5
    assert not any({'mask_path', 'gt_boxes'} & set(i) for i in infos)
    info, = infos_of(build(s4, split='train', frames='first'))
    assert info['sample_id'][-1] == '1'


def test_training_masks_are_those_of_the_first_frame(s4: Path):
    folders = dict(
        img_path='s4_data/visual_frames',
        audio_path='s4_data/audio_wav',
        mask_path='s4_data/gt_masks')
    common = dict(split='train', data_prefix=folders, allow_missing=False)
    assert len(build(s4, frames='first', **common)) == 1
    with pytest.raises(FileNotFoundError, match="4 without a mask.*'tr_0_2'"):
        build(s4, **common)


def test_missing_files_are_named(s4: Path):
    data = s4 / 's4_data'
    (data / 'gt_masks/test/dog/te_1/te_1_4.png').unlink()
    with pytest.raises(FileNotFoundError, match="1 without a mask.*'te_1_4'"):
        build(s4, test_mode=True)
    dataset = build(s4, test_mode=True, allow_missing=True)
    assert len(dataset) == 4
    assert dataset.metainfo['n_incomplete_groups'] == 1
    (data / 'audio_wav/test/dog/te_1.wav').unlink()
    with pytest.raises(FileNotFoundError, match='5 without a recording'):
        build(s4, test_mode=True)


@pytest.mark.parametrize('kwargs, message', [
    (dict(split='tset'), r"'tset'.*\['test', 'train', 'val'\]"),
    (dict(frames='last'), "frames.*'last'"),
    (dict(list_file='x.txt'), 'list_file'),
])
def test_wrong_arguments(s4: Path, kwargs: dict, message: str):
    with pytest.raises(ValueError, match=message):
        build(s4, **kwargs)


@pytest.mark.parametrize('text, message', [
    ('name,split\na,test\n', 'columns.*category'),
    ('name,category,split\na,dog,test\na,dog,test\n', "line 3: 'a'.*twice"),
    ('name,category,split\n../a,dog,test\n', 'line 2.*not an id'),
    ('name,category,split\na,,test\n', 'line 2.*blank'),
])
def test_malformed_csv(s4: Path, text: str, message: str):
    (s4 / 's4_meta_data.csv').write_text(text)
    with pytest.raises(ValueError, match=message):
        build(s4, test_mode=True)


@pytest.mark.parametrize('image, audio', [
    ('visual_frames/v/v.mp4_1.png', 'audio_wav/test/v.wav'),
    ('visual_frames/test/dog/v/v_6.png', 'audio_wav/test/dog/v.wav'),
    ('visual_frames/test/dog/v/v_1.png', 'audio_wav/test/cat/v.wav'),
    ('visual_frames/test/dog/v/v_1.png', 'audio_wav/test/dog/w.wav'),
    ('v_1.png', 'v.wav'),
])
def test_list_of_another_tree(s4: Path, image: str, audio: str):
    (s4 / 'box.json').write_text(
        json.dumps([dict(image=image, audio=audio, gt_box=[0, 0, 9, 9])]))
    with pytest.raises(ValueError, match='box.json.*tree of AVSBenchS4'):
        AVSBenchS4(data_root=str(s4), ann_file='box.json', test_mode=True)


def test_ms3_names(tmp_path: Path):
    (tmp_path / 'ms3_meta_data.csv').write_text('name,split\nv_1,train\n')
    data = tmp_path / 'ms3_data'
    touch_all([data / 'audio_wav/train/v_1.wav'])
    touch_all(data / f'visual_frames/v_1/v_1.mp4_{n}.png' for n in range(1, 6))
    dataset = AVSBenchMS3(
        data_root=str(tmp_path), ann_file='ms3_meta_data.csv', split='train')
    assert [i['sample_id']
            for i in infos_of(dataset)] == [f'v_1_{n}' for n in range(1, 6)]
