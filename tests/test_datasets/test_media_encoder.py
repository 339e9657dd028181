"""Which files are packed, and what becomes of each."""
from pathlib import Path
from typing import Callable

from fnac_mm.datasets import LoadImage
from fnac_mm.datasets.media_encoder import MediaEncoder, list_files
from fnac_mm.datasets.packed_record import decode_array, read_record
from .packs import build, synthetic_config

FORMATS = dict(image_format='raw', audio_format='lossless', jpeg_quality=95)


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
        MediaEncoder(files, [dict(type='LoadImage', on_error=on_error)],
                     FORMATS) for on_error in ('skip', 'raise'))
    good = skip[0]
    fields, content = read_record('img_path/a.jpg', good.record)
    expected = LoadImage()(dict(img_path=str(tmp_path / 'frames' / 'a.jpg')))
    image = decode_array(content, fields['encoding'], fields['shape'])
    assert (image == expected['img']).all() and not good.error
    assert fields['results'] == {
        key: expected[key]
        for key in ('img_shape', 'ori_shape')
    }
    assert str(broken) in skip[1].error and str(broken) in fail[1].error
    assert not fail[1].record
    fields, _ = read_record('img_path/b.jpg', skip[1].record)
    assert fields == dict(load_error=skip[1].error)
