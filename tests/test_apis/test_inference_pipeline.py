"""What a user may ask about."""
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from mmcv.transforms import Resize
from PIL import Image

from fnac_mm.apis.inference_pipeline import InferencePipeline, parse_inputs
from fnac_mm.datasets.transforms import LoadAudio, LoadImage, PackAVInputs
from ..media import write_media

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
SOUND = (np.random.default_rng(1).uniform(-0.9, 0.9, 16000), 8000)


def pipeline() -> InferencePipeline:
    return InferencePipeline([
        LoadImage(),
        LoadAudio(duration=0.5, sample_rate=4000),
        Resize((16, 16), backend='pillow'),
        PackAVInputs()
    ])


def test_names() -> None:
    items = parse_inputs([
        dict(image='x/a.b.jpg', audio='1.wav'),
        dict(image=Path('y/a.b.png'), audio=Path('2.wav')),
        dict(image=PICTURE, audio=SOUND),
        dict(image='a.jpg', audio=SOUND, sample_id='mine'),
        dict(image='a.b.png', audio='3.wav'),
    ])
    assert [item.sample_id
            for item in items] == ['a.b', 'a.b_2', '000002', 'mine', 'a.b_3']
    assert items[1].audio == '2.wav'


def test_one_dict_is_a_list_of_one() -> None:
    assert len(parse_inputs(dict(image='a.jpg', audio='a.wav'))) == 1


def test_video(tmp_path: Path) -> None:
    sound = np.arange(3 * 8000).astype(np.int16)
    frames = np.broadcast_to(
        np.arange(0, 240, 8, dtype=np.uint8)[:, None, None, None],
        (30, 32, 48, 3))
    path = write_media(tmp_path / 'film.mkv', sound, 8000, frames=frames)
    item, late = parse_inputs([dict(video=path), dict(video=path, time=2.0)])
    assert item.sample_id == 'film' and late.sample_id == 'film_2'
    assert abs(item.image.mean() - 15 * 8) < 4
    assert abs(late.image.mean() - 20 * 8) < 4
    # Half a second of sound around the middle, and around 2 s.
    for entry, first in ((item, 1.25), (late, 1.75)):
        waveform = InferencePipeline(
            [LoadAudio(duration=0.5, sample_rate=None),
             PackAVInputs()])(entry)['inputs']['waveform']
        assert waveform[0].item() * 32767 == pytest.approx(
            first * 8000, abs=16)


@pytest.mark.parametrize('item, error, message', [
    ('a.jpg', TypeError, 'input 0.*str'),
    ({}, ValueError, 'image and audio, or video'),
    (dict(image='a.jpg'), ValueError, 'image and audio, or video'),
    (dict(image='a.jpg', audio=None), ValueError, 'image and audio'),
    (dict(audio='a.wav', video='a.mp4'), ValueError, 'image and audio'),
    (dict(image='a.jpg', audio='a.wav', sound=1), ValueError, 'sound'),
    (dict(image=1, audio='a.wav'), TypeError, 'image.*int'),
    (dict(image=PICTURE[0], audio='a.wav'), ValueError, 'H,W,3'),
    (dict(image=PICTURE / 255, audio='a.wav'), ValueError, 'float64'),
    (dict(image='a.jpg', audio=SOUND[0]), TypeError, 'sample_rate'),
    (dict(image='a.jpg', audio=('a.wav', 8000)), TypeError, 'sample_rate'),
])
def test_refusals(item: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        parse_inputs(item)


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match='no inputs'):
        parse_inputs([])


def test_a_missing_video_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='film.mp4'):
        parse_inputs(dict(video=tmp_path / 'film.mp4'))


def test_arrays_equal_files(tmp_path: Path) -> None:
    image, audio = tmp_path / 'a.png', tmp_path / 'a.wav'
    Image.fromarray(PICTURE).save(image)
    soundfile.write(audio, *SOUND, subtype='DOUBLE')
    packed = [
        pipeline()(item) for item in parse_inputs([
            dict(image=image, audio=audio),
            dict(image=PICTURE, audio=SOUND),
            dict(image=PICTURE, audio=(torch.from_numpy(SOUND[0]), 8000)),
        ])
    ]
    for other in packed[1:]:
        for key in ('image', 'waveform'):
            torch.testing.assert_close(other['inputs'][key],
                                       packed[0]['inputs'][key])
    sample = packed[0]['data_samples']
    assert sample.ori_shape == (20, 30) and sample.img_path == str(image)
    assert sample.sample_rate == 4000 and sample.audio_path == str(audio)
    assert 'img_path' not in packed[1]['data_samples']
    assert packed[0]['inputs']['image'].shape == (3, 16, 16)


def test_sound_of_an_array_is_checked() -> None:
    item, = parse_inputs(
        dict(image=PICTURE, audio=(np.full(9, np.nan), 8000), sample_id='me'))
    with pytest.raises(ValueError, match='me: .*NaN'):
        pipeline()(item)


@pytest.mark.parametrize('name', ['CenterCrop', 'RandomFlip', 'Pad'])
def test_a_pipeline_that_moves_the_picture(name: str) -> None:
    moving = type(name, (), {})()
    with pytest.raises(ValueError, match=f'{name}.*use Resize'):
        InferencePipeline([LoadImage(), moving])


def test_a_broken_file_is_an_error_whatever_the_config_says(
        tmp_path: Path) -> None:
    (tmp_path / 'a.jpg').write_bytes(b'no picture')
    item, = parse_inputs(dict(image=tmp_path / 'a.jpg', audio=SOUND))
    lenient = InferencePipeline([LoadImage(on_error='skip'), PackAVInputs()])
    with pytest.raises(ValueError, match='a.jpg'):
        lenient(item)


class Louder:
    """A transform of the sound."""

    def __call__(self, results: dict) -> dict:
        return dict(results, waveform=2 * results['waveform'])


def test_a_picture_alone() -> None:
    packed = pipeline().pack_picture(PICTURE)
    whole = pipeline()(parse_inputs(dict(image=PICTURE, audio=SOUND))[0])
    assert torch.equal(packed, whole['inputs']['image'])


def test_sound_that_a_transform_changes_is_refused() -> None:
    changing = InferencePipeline([LoadAudio(), Louder(), PackAVInputs()])
    with pytest.raises(ValueError, match='a transform .* changes the sound'):
        changing.pack_picture(PICTURE)
