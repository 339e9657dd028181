"""IS3 and VPO: real lists, exact groups, classes and masks."""
import json
from bisect import bisect
from collections import Counter
from pathlib import Path

import pytest

from fnac_mm.datasets import IS3, VPO
from tests.media import touch_all
from .packs import infos_of

MASKS = dict(
    img_path='visual_frames', audio_path='audio_wav', mask_path='masks')
# Members of the groups.
IS3_GROUPS, MS_GROUPS = {2: 3240}, {1: 759, 2: 623, 3: 49, 5: 1}


def touch_list(folder: Path, path: Path, masks: bool = False) -> None:
    """Media of a published list, by the names in it."""
    for entry in json.loads(path.read_bytes()):
        name = Path(entry['image']).name
        touch_all([
            folder / 'visual_frames' / name, folder / 'audio_wav' /
            Path(entry['audio']).name
        ] + [folder / 'masks' / name] * masks)


def test_published_is3(shared: Path, tmp_path: Path):
    path = shared / 'metadata' / 'sslalign' / 'synthetic3240_bbox.json'
    touch_list(tmp_path, path)
    dataset = IS3(data_root=str(tmp_path), ann_file=str(path), test_mode=True)
    assert len(dataset) == 6480
    assert dataset.metainfo['group_key'] == 'image'
    assert dataset.metainfo['n_incomplete_groups'] == 0
    infos = infos_of(dataset)
    members = Counter(i['group'] for i in infos)
    assert Counter(members.values()) == IS3_GROUPS
    assert all(i['sample_id'] == f'{i["group"]}_{i["class_name"]}'
               for i in infos)
    assert len({i['class_name'] for i in infos}) == 111
    assert Counter(len(i['image_classes']) for i in infos) == {2: 6480}
    # Groups by prefix, as published, would mix 17 images with others.
    ids = sorted(i['sample_id'] for i in infos)
    assert sum(
        bisect(ids, f'{g}\uffff') - bisect(ids, g) > 2 for g in members) == 17


@pytest.mark.parametrize('variant, number, groups', [('ss', 890, None),
                                                     ('ms', 2157, MS_GROUPS)])
def test_published_vpo(shared: Path, tmp_path: Path, variant: str, number: int,
                       groups):
    folder = shared / 'metadata' / 'sslalign'
    touch_list(tmp_path, folder / f'vpo_{variant}_bbox.json', masks=True)
    for kind in ('bbox', 'seg'):
        dataset = VPO(
            variant,
            data_root=str(tmp_path),
            ann_file=str(folder / f'vpo_{variant}_{kind}.json'),
            data_prefix=MASKS,
            test_mode=True)
        infos = infos_of(dataset)
        assert len(infos) == number
        assert {i['mask_threshold'] for i in infos} == {127}
        assert ('gt_boxes' in infos[0]) == (kind == 'bbox')
        assert dataset.metainfo['dataset_name'] == f'vpo_{variant}'
    if groups is None:
        # Every image stands alone: a score of groups would mean nothing.
        assert 'group_key' not in dataset.metainfo
        assert not any('group' in i for i in infos)
    else:
        members = Counter(i['group'] for i in infos)
        assert Counter(members.values()) == groups


@pytest.fixture()
def is3(tmp_path: Path) -> Path:
    """An image whose two samples are listed."""
    entries = [
        dict(
            image=f'/x/{name}.jpg',
            audio=f'/x/{name}.wav',
            gt_box=[0, 0, 9, 9])
        for name in ('cat_dogs_7_cat', 'cat_dogs_7_dog')
    ]
    (tmp_path / 'bbox.json').write_text(json.dumps(entries))
    touch_list(tmp_path, tmp_path / 'bbox.json', masks=True)
    return tmp_path


def build(folder: Path, ann_file: str = 'bbox.json', **kwargs) -> IS3:
    return IS3(
        data_root=str(folder), ann_file=ann_file, test_mode=True, **kwargs)


def test_masks_are_used_if_asked_for(is3: Path):
    assert 'mask_path' not in build(is3).get_data_info(0)
    info = build(is3, data_prefix=MASKS).get_data_info(1)
    assert info == dict(
        sample_id='cat_dogs_7_dog',
        img_path=str(is3 / 'visual_frames' / 'cat_dogs_7_dog.jpg'),
        audio_path=str(is3 / 'audio_wav' / 'cat_dogs_7_dog.wav'),
        mask_path=str(is3 / 'masks' / 'cat_dogs_7_dog.jpg'),
        gt_boxes=info['gt_boxes'],
        mask_threshold=127,
        group='cat_dogs_7',
        class_name='dog',
        image_classes=['cat', 'dog'],
        sample_idx=1)
    (is3 / 'masks' / 'cat_dogs_7_dog.jpg').unlink()
    with pytest.raises(FileNotFoundError, match="mask.*'cat_dogs_7_dog'"):
        build(is3, data_prefix=MASKS)


def test_frame_without_its_sound_tears_a_group(is3: Path):
    (is3 / 'audio_wav' / 'cat_dogs_7_dog.wav').unlink()
    with pytest.raises(FileNotFoundError, match="recor.*'cat_dogs_7_dog'"):
        build(is3)
    dataset = build(is3, allow_missing=True)
    assert dataset.metainfo['n_incomplete_groups'] == 1
    # What else is in the picture is known all the same.
    assert dataset.get_data_info(0)['image_classes'] == ['cat', 'dog']


def test_wrong_lists_and_arguments(is3: Path):

    def write(**changes) -> None:
        entry = dict(image='a_1_x.jpg', audio='a_1_x.wav', gt_box=[0, 0, 9, 9])
        entry.update(changes)
        (is3 / 'bad.json').write_text(json.dumps([entry]))

    write(audio='a_1_y.wav')
    with pytest.raises(ValueError, match="'a_1_x': the sound.*another name"):
        build(is3, 'bad.json')
    write(image='a.jpg', audio='a.wav')
    with pytest.raises(ValueError, match="'a' is not <image>_<class>"):
        build(is3, 'bad.json')
    write(gt_box='m/a_1_x.jpg')
    with pytest.raises(ValueError, match='lists masks.*mask_path'):
        build(is3, 'bad.json')
    with pytest.raises(ValueError, match='list_file'):
        build(is3, list_file='x.txt')
    with pytest.raises(ValueError, match="variant.*'sm'"):
        VPO('sm', data_root=str(is3), ann_file='bbox.json')
