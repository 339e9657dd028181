"""Lists of boxes and masks: every published value, and what is refused."""
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fnac_mm.datasets import read_annotation_list
from fnac_mm.functional import boxes_to_target

# Entries and zero boxes.
COUNTS = dict(
    s4_box=(3700, 6),
    ms3_box=(320, 29),
    synthetic3240_bbox=(6480, 0),
    vpo_ss_bbox=(890, 0),
    vpo_ms_bbox=(2157, 2))


def write(folder: Path, *entries: object) -> Path:
    path = folder / 'list.json'
    path.write_text(json.dumps(entries))
    return path


def entry(box: object = (1.0, 2, 3, 4), name: str = 'a_1') -> dict:
    return dict(
        image=f'/x/visual_frames/{name}.jpg',
        audio=f'/x/audio_wav/{name}.wav',
        gt_box=box)


@pytest.mark.parametrize('name', COUNTS)
def test_published_lists(shared: Path, name: str):
    """Counts, and each box rasterised as ``int(v)`` slices would do it."""
    path = shared / 'metadata' / 'sslalign' / f'{name}.json'
    samples = read_annotation_list(path)
    number, empty = COUNTS[name]
    assert len(samples) == number
    assert Counter(len(s['gt_boxes']) for s in samples.values()) == Counter({
        k:
        v
        for k, v in ((0, empty), (1, number - empty)) if v
    })
    raw = [e['gt_box'] for e in json.loads(path.read_bytes())]
    for box, sample in zip(raw, samples.values()):
        if len(sample['gt_boxes']):
            back = (sample['gt_boxes'][0] * 224).astype(int)
            assert back.tolist() == [int(v) for v in box]
    for box, sample in list(zip(raw, samples.values()))[:50]:
        x0, y0, x1, y1 = map(int, box)
        expected = np.zeros((224, 224))
        expected[y0:y1, x0:x1] = 1
        target = boxes_to_target(sample['gt_boxes'])
        np.testing.assert_array_equal(target.numpy(), expected)
    kind = name.replace('bbox', 'seg').replace('box', 'seg')
    masks = path.with_name(f'{kind}.json')
    found = read_annotation_list(masks)
    assert list(found) == list(samples)
    assert all('mask' in sample for sample in found.values())


def test_frames_of_a_video_lose_its_suffix(tmp_path: Path):
    path = write(tmp_path, entry(name='v.mp4_3'), entry(name='w.mp4x_3'))
    assert list(read_annotation_list(path)) == ['v_3', 'w.mp4x_3']


@pytest.mark.parametrize('entries, message', [
    ([], 'expected a list'),
    ([3], 'entry 0'),
    ([entry(), dict(entry(), image='')], 'entry 1'),
    ([dict(image='a.jpg', gt_box=[1, 2, 3, 4])], 'entry 0'),
    ([entry('masks/a_1.jpg')], 'not a box.*boxes'),
    ([entry([1, 2, 3])], "'a_1'.*x0, y0, x1, y1"),
    ([entry([1, 2, 3, 225])], "'a_1'.*outside"),
    ([entry([1, 2, 3, 10**400])], "'a_1'.*finite"),
    ([entry(), entry()], "entry 1: 'a_1' is annotated twice"),
])
def test_malformed(tmp_path: Path, entries: list, message: str):
    path = write(tmp_path, *entries)
    with pytest.raises(ValueError, match=message) as caught:
        read_annotation_list(path, kind='boxes')
    assert str(path) in str(caught.value)


def test_malformed_masks_and_files(tmp_path: Path):
    with pytest.raises(ValueError, match='path of a mask.*masks'):
        read_annotation_list(write(tmp_path, entry('m/a_1.jpg'), entry()))
    with pytest.raises(ValueError, match="'a_1'.*another name"):
        read_annotation_list(write(tmp_path, entry('m/b_1.jpg')))
    with pytest.raises(FileNotFoundError, match='nowhere'):
        read_annotation_list(tmp_path / 'nowhere.json')
    (tmp_path / 'text.json').write_text('{')
    with pytest.raises(ValueError, match='text.json: not valid JSON'):
        read_annotation_list(tmp_path / 'text.json')


def test_lenient_keeps_what_is_outside(tmp_path: Path):
    path = write(tmp_path, entry([-5, 0, 300, 224]))
    sample = read_annotation_list(path, False)['a_1']
    target = boxes_to_target(sample['gt_boxes'])
    assert target.sum() == 224 * 224
