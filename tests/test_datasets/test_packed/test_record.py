"""Records: arrays against PIL, damage against their checksum."""
import io
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from PIL import Image

from fnac_mm.datasets import LoadImage
from fnac_mm.datasets.packed.record import (MediaEncoder, decode_array,
                                            encode_array, list_files,
                                            packed_key, read_record,
                                            write_record)
from ..packs import build, synthetic_config


def picture() -> np.ndarray:
    y, x = np.mgrid[:45, :70]
    return np.stack([3 * x, 2 * x + 2 * y, 255 - 4 * y], -1).astype(np.uint8)


def through_a_record(content: bytes, fields: dict) -> np.ndarray:
    fields, view = read_record('k', write_record('k', fields, content))
    return decode_array(view, fields['encoding'], fields.get('shape'))


@pytest.mark.parametrize('image_format', ['raw', 'png'])
def test_lossless_pictures(image_format: str):
    image = picture()
    back = through_a_record(*encode_array('img_path', image, image_format))
    np.testing.assert_array_equal(back, image)
    back[0, 0] = 1  # some transforms write in place


@pytest.mark.parametrize('image_format', ['png', 'jpeg'])
def test_pillow_reads_the_same(image_format: str):
    content, fields = encode_array('img_path', picture(), image_format)
    image = Image.open(io.BytesIO(content))
    if image_format == 'jpeg':  # the colour of each pixel is kept
        assert {entry[1:3] for entry in image.layer} == {(1, 1)}
    theirs = np.asarray(image)[..., ::-1]
    ours = through_a_record(content, fields)
    # Two JPEG decoders may differ by rounding.
    assert np.abs(ours.astype(int) - theirs).max() <= (image_format == 'jpeg')
    assert np.abs(ours.astype(int) - picture()).mean() < 2


def test_sound_of_16_bits_takes_16_bits():
    samples = np.arange(-300, 300).astype(np.int16)
    waveform = (samples / np.float64(32767)).astype(np.float32)
    other = np.sin(np.arange(1000)).astype(np.float32)
    for sound, size in ((samples, 2), (waveform, 2), (other, 4)):
        content, fields = encode_array('audio_path', sound)
        assert len(content) == size * len(sound)
        np.testing.assert_array_equal(through_a_record(content, fields), sound)


def test_masks():
    mask = (np.random.default_rng(0).random((13, 11)) < 0.5).astype(np.uint8)
    np.testing.assert_array_equal(
        through_a_record(*encode_array('mask_path', mask)), mask)


def test_tuples_come_back_as_tuples():
    fields = dict(encoding='x', results=dict(ori_shape=(3, 4), scale=2))
    assert read_record('k', write_record('k', fields))[0] == fields


def test_every_damage_is_seen():
    """A bit, an end, an addition, the record of another file."""
    record = write_record('key', dict(a=1), bytes(range(40)))
    damaged = [record[:-1], record[:5], b'', record + b'x']
    for place in range(8 * len(record)):
        bad = bytearray(record)
        bad[place // 8] ^= 1 << place % 8
        damaged.append(bytes(bad))
    for key, bad in (('another', record), *(('key', bad) for bad in damaged)):
        with pytest.raises(ValueError, match='checksum'):
            read_record(key, bad)
    assert packed_key('img_path', 'ä/b c') == 'img_path/%C3%A4/b%20c'


def test_what_can_not_be_packed():
    with pytest.raises(TypeError, match='8 bits'):
        encode_array('img_path', picture().astype(np.float32))
    with pytest.raises(ValueError, match='newer version'):
        decode_array(memoryview(b''), 'webp', None)


def test_a_file_of_several_samples_is_listed_once(synthetic: Path):
    dataset = build(synthetic_config(synthetic), pipeline=[])
    ids = [dataset.get_data_info(i)['sample_id'] for i in range(len(dataset))]
    files, names = list_files(dataset, ['img_path'])
    assert [file.key for file in files] == [f'img_path/{i}.jpg' for i in ids]
    assert names == dict(
        img_path=[f'{i}.jpg' for i in ids],
        audio_path=[f'{i}.wav' for i in ids])
    items = [dataset.get_data_info(0)] * 3
    dataset.get_data_info = lambda index: items[index % 3]
    assert len(list_files(dataset, ['img_path', 'audio_path'])[0]) == 2


def test_good_and_broken_files(tmp_path: Path, make_clip: Callable):
    make_clip(tmp_path, 'a'), make_clip(tmp_path, 'b')
    broken = tmp_path / 'frames' / 'b.jpg'
    broken.write_bytes(b'?')
    config = dict(type='VGGSound', data_root=str(tmp_path), pipeline=[])
    files, _ = list_files(build(config), ['img_path'])
    skip, fail = (
        MediaEncoder(
            dict(img_path=[LoadImage(on_error=on_error)]),
            dict(image_format='raw', jpeg_quality=95))
        for on_error in ('skip', 'raise'))
    record, error = skip(files[0])
    fields, content = read_record('img_path/a.jpg', record)
    expected = LoadImage()(dict(img_path=str(tmp_path / 'frames' / 'a.jpg')))
    image = decode_array(content, fields['encoding'], fields['shape'])
    assert (image == expected['img']).all() and not error
    assert fields['results'] == {
        key: expected[key]
        for key in ('img_shape', 'ori_shape')
    }
    record, error = skip(files[1])
    fields, _ = read_record('img_path/b.jpg', record)
    assert str(broken) in fields['load_error'] and not error
    record, error = fail(files[1])
    assert not record and str(broken) in error
