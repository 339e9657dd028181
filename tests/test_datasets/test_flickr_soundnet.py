"""Flickr-SoundNet: annotation files by position, and the consensus."""
from pathlib import Path

import pytest

from fnac_mm.datasets import FlickrSoundNet, read_flickr_boxes
from fnac_mm.functional import boxes_to_target
from .packs import infos_of

POSITIONAL = ('<bbox><who>x</who><a>32</a><b>40</b><c> 200\n</c><d>256</d>'
              '</bbox>')
NAMED = ('<bbox><xmin>32</xmin><ymax>256</ymax><ymin>40</ymin>'
         '<xmax>200</xmax></bbox>')
BOX = [32 / 256, 40 / 256, 200 / 256, 1.0]


def write(path: Path, boxes: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('<annotation><folder>f</folder><object><name>n</name>'
                    f'{boxes}</object></annotation>')
    return path


@pytest.mark.parametrize('boxes, count', [
    (POSITIONAL, 1),
    (NAMED, 1),
    (POSITIONAL + '<other><x>1</x></other>' + NAMED, 2),
])
def test_by_position_and_by_name(tmp_path: Path, boxes: str, count: int):
    path = write(tmp_path / 'a.xml', boxes)
    assert read_flickr_boxes(path).tolist() == [BOX] * count


def test_fractions_give_the_published_integers():
    """``int(224 * int(text) / 256)``, for every integer of the frame."""
    for value in range(257):
        fraction = value / 256
        published = int(224 * value / 256)
        target = boxes_to_target([[0, 0, fraction, 1]])
        assert int(target[0].sum()) == published
        target = boxes_to_target([[0, fraction, 1, 1]])
        assert int(target[:, 0].sum()) == 224 - published


@pytest.mark.parametrize('boxes, message', [
    ('', 'no <bbox>'),
    (POSITIONAL.replace('40', '4.5'), 'integer'),
    (POSITIONAL.replace('40', ''), 'integer'),
    (POSITIONAL.replace('<d>256</d>', ''), 'x0, y0, x1, y1'),
    (POSITIONAL.replace('256', '300'), 'outside'),
    (POSITIONAL.replace('40', '-1'), 'outside'),
    (POSITIONAL.replace('32', '201'), 'inverted'),
    ('<bbox>', 'not acceptable XML.*line 1'),
])
def test_malformed(tmp_path: Path, boxes: str, message: str):
    path = write(tmp_path / 'bad.xml', boxes)
    with pytest.raises(ValueError, match=message) as caught:
        read_flickr_boxes(path)
    assert str(path) in str(caught.value)


@pytest.fixture()
def flickr(tmp_path: Path) -> Path:
    """Two clips in one folder, three annotators, and files not listed."""
    write(tmp_path / 'gt' / '9999999999.xml', POSITIONAL * 3)
    write(
        tmp_path / 'gt' / '10000000001.xml', POSITIONAL +
        POSITIONAL.replace('>32<', '>128<') + NAMED.replace('>32<', '>160<'))
    write(tmp_path / 'gt' / 'broken.xml', '<bbox>')
    for name in ('9999999999', '10000000001', 'broken'):
        (tmp_path / f'{name}.jpg').touch()
        (tmp_path / f'{name}.wav').touch()
    (tmp_path / 'test.csv').write_bytes(b'9999999999,7\r\n10000000001,0\r\n')
    return tmp_path


def test_one_folder_and_only_listed_annotations(flickr: Path):
    dataset = FlickrSoundNet(
        data_root=str(flickr),
        data_prefix=dict(img_path='', audio_path=''),
        list_file='test.csv',
        ann_dir='gt',
        test_mode=True)
    infos = infos_of(dataset)
    assert [i['sample_id'] for i in infos] == ['10000000001', '9999999999']
    assert infos[1]['gt_boxes'].tolist() == [BOX] * 3
    meta = dataset.metainfo
    assert (meta['combine'], meta['consensus']) == ('consensus', 2)
    target = boxes_to_target(
        infos[0]['gt_boxes'],
        combine=meta['combine'],
        consensus=meta['consensus'])
    # From columns 28, 112, 140 and 175: one box, two, three, none.
    assert target[100, [27, 28, 111, 112, 139, 140, 174, 175]].tolist() == [
        0, 0.5, 0.5, 1, 1, 1, 1, 0
    ]
    assert target[34].sum() == 0 and target[35].sum() > 0


def test_annotation_is_needed_in_tests(flickr: Path):
    common = dict(
        data_root=str(flickr), data_prefix=dict(img_path='', audio_path=''))
    with pytest.raises(ValueError, match='ann_dir'):
        FlickrSoundNet(test_mode=True, **common)
    (flickr / 'gt' / '9999999999.xml').unlink()
    with pytest.raises(FileNotFoundError, match='9999999999.xml'):
        FlickrSoundNet(
            test_mode=True, list_file='test.csv', ann_dir='gt', **common)
    training = FlickrSoundNet(**common)
    assert len(training) == 3
    assert 'gt_boxes' not in training.get_data_info(0)
