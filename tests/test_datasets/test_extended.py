"""Extended sets: real counts, pairs, order, and what is refused."""
import csv
from collections import Counter
from pathlib import Path

import pytest

from fnac_mm.datasets import (ExtendedFlickrSoundNet, ExtendedVGGSS,
                              read_negative_list)
from tests.media import touch_all
from .packs import infos_of

XML = ('<annotation><object><bbox><who>x</who><a>32</a><b>40</b><c>200</c>'
       '<d>255</d></bbox></object></annotation>')
HEADER = 'video,audio,label\r\n'


def published(path: Path) -> list:
    """(video, audio) of each row, by the csv module alone."""
    with open(path, newline='') as file:
        return [(r['video'], r['audio']) for r in csv.DictReader(file)]


def touch_clips(folder: Path, videos: set, audios: set) -> None:
    touch_all(folder / 'frames' / f'{i}.jpg' for i in videos)
    touch_all(folder / 'audio' / f'{i}.wav' for i in audios)


def test_published_vggss(shared: Path, tmp_path: Path):
    metadata = shared / 'metadata'
    negatives = metadata / 'slavc' / 'vggss_test_plus_silent.csv'
    rows = published(negatives)
    with open(metadata / 'fnac' / 'vggss_test.csv', newline='') as file:
        positives = {row[0] for row in csv.reader(file)}
    touch_clips(tmp_path, positives | {v
                                       for v, _ in rows},
                positives | {a
                             for _, a in rows})
    dataset = ExtendedVGGSS(
        data_root=str(tmp_path),
        ann_file=str(metadata / 'fnac' / 'vggss.json'),
        list_file=str(metadata / 'fnac' / 'vggss_test.csv'),
        negative_file=str(negatives),
        test_mode=True)
    assert len(dataset) == 10316
    assert dataset.metainfo['n_listed'] == dataset.metainfo['n_found'] == 10316
    assert dataset.metainfo['n_listed_by_kind'] == dict(
        positive=5158, mismatched=4779, not_visible=379)
    infos = infos_of(dataset)
    kinds = Counter(i.get('negative_kind') for i in infos)
    assert kinds == {None: 5158, 'mismatched': 4779, 'not_visible': 379}
    # No box is what makes a negative; two positives have no area.
    assert all(
        (not len(i['gt_boxes'])) == ('negative_kind' in i) for i in infos)
    assert dataset.metainfo['box_faults']['empty'] == 2
    pairs = {(Path(i['img_path']).stem, Path(i['audio_path']).stem)
             for i in infos if 'negative_kind' in i}
    assert pairs == set(rows) and len({a for _, a in pairs}) == 3471
    ids = [i['sample_id'] for i in infos]
    assert ids == sorted(set(ids))
    hidden = {v for v, a in rows if v == a}
    assert not hidden & positives


@pytest.mark.parametrize('source, positives', [('slavc', 250), ('fnac', 249)])
def test_published_flickr(shared: Path, tmp_path: Path, source: str,
                          positives: int):
    metadata = shared / 'metadata'
    negatives = metadata / 'slavc' / 'flickr_test_plus_silent.csv'
    ids = {v for v, _ in published(negatives)}
    touch_clips(tmp_path, ids, ids)
    (tmp_path / 'gt').mkdir()
    for name in ids:
        (tmp_path / 'gt' / f'{name}.xml').write_text(XML)
    dataset = ExtendedFlickrSoundNet(
        data_root=str(tmp_path),
        ann_dir='gt',
        list_file=str(metadata / source / 'flickr_test.csv'),
        negative_file=str(negatives),
        test_mode=True)
    assert dataset.metainfo['n_listed_by_kind'] == dict(
        positive=positives, mismatched=250, not_visible=0)
    assert len(dataset) == positives + 250
    assert dataset.metainfo['combine'] == 'consensus'


@pytest.fixture()
def small(tmp_path: Path) -> Path:
    """Two positives, a negative of each kind."""
    touch_clips(tmp_path, {'a', 'b', 'c'}, {'a', 'b', 'c'})
    (tmp_path / 'gt.json').write_text(
        '[{"file": "a", "class": "x", "bbox": [[0, 0, 0.5, 1]]},'
        ' {"file": "b", "class": "y", "bbox": [[0, 0, 0.5, 1]]}]')
    (tmp_path / 'no.csv').write_bytes(
        (HEADER + 'c,c,non-sounding\r\na,b,non-sounding').encode())
    return tmp_path


def build(folder: Path, **kwargs) -> ExtendedVGGSS:
    return ExtendedVGGSS(
        data_root=str(folder),
        ann_file='gt.json',
        negative_file='no.csv',
        test_mode=True,
        **kwargs)


def test_pairs(small: Path):
    dataset = build(small)
    infos = infos_of(dataset)
    assert [i['sample_id'] for i in infos] == ['a', 'a+b', 'b', 'c+c']
    assert infos[1].pop('gt_boxes').shape == (0, 4)
    assert infos[1] == dict(
        sample_id='a+b',
        img_path=str(small / 'frames' / 'a.jpg'),
        audio_path=str(small / 'audio' / 'b.wav'),
        negative_kind='mismatched',
        sample_idx=1)
    assert infos[3]['negative_kind'] == 'not_visible'
    assert infos[0]['class_name'] == 'x'


def test_frame_without_its_sound(small: Path):
    (small / 'audio' / 'c.wav').unlink()
    with pytest.raises(FileNotFoundError, match=r"recording.*'c\+c'"):
        build(small)
    dataset = build(small, allow_missing=True)
    meta = dataset.metainfo
    assert (meta['n_found'], meta['n_listed'], len(dataset)) == (3, 4, 3)


def test_positive_without_a_box_is_refused(small: Path):
    text = (small / 'gt.json').read_text()
    (small / 'gt.json').write_text(text.replace('[[0, 0, 0.5, 1]]', '[]', 1))
    with pytest.raises(ValueError, match="a box for each positive.*'a'"):
        build(small)


@pytest.mark.parametrize('text, message', [
    ('a,b,non-sounding', 'columns'),
    (HEADER + 'a,b,sounding', 'line 2.*label'),
    (HEADER + 'a/../b,b,non-sounding', 'line 2.*not an id'),
    (HEADER + 'a,b,non-sounding\r\na,b,non-sounding', 'line 3.*twice'),
])
def test_malformed(tmp_path: Path, text: str, message: str):
    path = tmp_path / 'bad.csv'
    path.write_bytes(text.encode())
    with pytest.raises(ValueError, match=message) as caught:
        read_negative_list(path)
    assert str(path) in str(caught.value)
