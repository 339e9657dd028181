"""VGG-SS: the published file, and faults injected into it."""
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnac_mm.datasets import VGGSS, read_vggss
from fnac_mm.functional import boxes_to_target
from .packs import infos_of

ENTRY = dict(file='a_1', bbox=[[0.1, 0.2, 0.3, 0.4]])
ENTRY['class'] = 'dog barking'


def write(tmp_path: Path, entries: Any) -> Path:
    path = tmp_path / 'boxes.json'
    path.write_text(
        entries if isinstance(entries, str) else json.dumps(entries))
    return path


@pytest.mark.parametrize('entries, message', [
    ('[{"file": "a",\n "bbox": [[0, 0,]]}]', 'line 2'),
    ('[' * 100000, 'not valid JSON'),
    ('', 'not valid JSON'),
    ([], 'expected a list'),
    (dict(a=1), 'expected a list'),
    ([ENTRY, 3], 'entry 1'),
    ([dict(bbox=[])], "entry 0.*'file'"),
    ([dict(file='a')], "entry 0.*'bbox'"),
    ([dict(file=3, bbox=[])], 'entry 0'),
    ([ENTRY, ENTRY], "'a_1' is annotated twice"),
    ('[{"file": "a_1", "bbox": [[0, 0, NaN, 1]]}]', "'a_1'.*finite"),
    ([dict(file='a_1', bbox=[[0, 0, 1]])], "'a_1'.*x0, y0, x1, y1"),
    ([dict(file='a_1', bbox=[[0, 0, 300, 200]])], "'a_1'.*outside"),
])
def test_malformed(tmp_path: Path, entries: Any, message: str):
    path = write(tmp_path, entries)
    with pytest.raises(ValueError, match=message) as caught:
        read_vggss(path)
    assert str(path) in str(caught.value)


def test_undecodable_and_absent(tmp_path: Path):
    path = tmp_path / 'boxes.json'
    path.write_bytes(b'[{"file": "\xff"}]')
    with pytest.raises(ValueError, match='boxes.json'):
        read_vggss(path)
    with pytest.raises(FileNotFoundError, match='nowhere.json'):
        read_vggss(tmp_path / 'nowhere.json')


def touch_clips(folder: Path, *ids: str) -> None:
    for name, suffix in (('frames', '.png'), ('audio', '.wav')):
        (folder / name).mkdir(exist_ok=True)
        for i in ids:
            (folder / name / (i + suffix)).touch()


def test_fields_and_ids_from_the_annotation(tmp_path: Path):
    other = dict(file='-b_2', bbox=[])
    write(tmp_path, [ENTRY, other])
    touch_clips(tmp_path, 'a_1', '-b_2', 'not_annotated')
    dataset = VGGSS(
        ann_file='boxes.json', data_root=str(tmp_path), test_mode=True)
    assert dataset.metainfo['n_listed'] == dataset.metainfo['n_found'] == 2
    assert dataset.get_data_info(0)['gt_boxes'].shape == (0, 4)
    info = dataset.get_data_info(1)
    assert info['sample_id'] == 'a_1'
    assert info['img_path'] == str(tmp_path / 'frames' / 'a_1.png')
    assert info['audio_path'] == str(tmp_path / 'audio' / 'a_1.wav')
    assert info['gt_boxes'].tolist() == ENTRY['bbox']
    assert info['class_name'] == 'dog barking'
    assert dataset.metainfo['box_faults']['empty'] == 1


def test_listed_but_not_annotated(tmp_path: Path):
    write(tmp_path, [ENTRY])
    touch_clips(tmp_path, 'a_1', 'b_2')
    (tmp_path / 'list.txt').write_text('a_1\nb_2\n')
    with pytest.raises(ValueError, match="list.txt: 1 .*boxes.json: 'b_2'"):
        VGGSS(
            ann_file='boxes.json',
            data_root=str(tmp_path),
            list_file='list.txt',
            test_mode=True,
            allow_missing=True)


@pytest.mark.parametrize('name, count', [
    (None, 5158),
    ('vggss_test.csv', 5158),
    ('vggss_heard_test.csv', 2564),
    ('vggss_unheard_test.csv', 2575),
])
def test_published_annotation(shared: Path, monkeypatch, name: str,
                              count: int):
    lists = shared / 'metadata' / 'fnac'
    ids = read_vggss(lists / 'vggss.json')
    monkeypatch.setattr(
        'fnac_mm.datasets.clip_files.list_folder',
        lambda folder, argument: [f'{i}.png'
                                  for i in ids] + [f'{i}.wav' for i in ids])
    dataset = VGGSS(
        ann_file='vggss.json',
        data_root=str(lists),
        list_file=name,
        test_mode=True)
    infos = infos_of(dataset)
    assert len(infos) == dataset.metainfo['n_listed'] == count
    assert [i['sample_id'] for i in infos] == sorted(i['sample_id']
                                                     for i in infos)
    classes = {i['class_name'] for i in infos}
    assert len(classes) == (221 if count == 5158 else 110)
    if count != 5158:
        return
    # Facts of the published file, section 2.2 of the benchmarks.
    boxes = [i['gt_boxes'] for i in infos]
    assert sum(map(len, boxes)) == 5941
    assert np.bincount([len(b) for b in boxes
                        ]).tolist() == [0, 4619, 385, 94, 37, 18, 3, 2]
    assert dataset.metainfo['box_faults'] == dict(
        outside=12, zero_area=18, empty=2)
    area = np.array([float(boxes_to_target(b).mean()) for b in boxes])
    assert (area == 0).sum() == 2
    assert abs(area.mean() - 0.3124) < 5e-5
    assert abs(np.median(area) - 0.2532) < 5e-5
