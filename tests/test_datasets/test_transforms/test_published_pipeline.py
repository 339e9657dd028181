"""The pipeline of the paper's configs against PIL and torchvision."""
from pathlib import Path
from typing import Callable, List

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from PIL import Image

from fnac_mm.registry import TRANSFORMS
from tests.conftest import ROOT

CONFIG = Config.fromfile(ROOT / 'configs' / 'fnac_vggsound.py')
TRAIN = CONFIG.train_dataloader.dataset.pipeline
# The documented way to have every pixel from Pillow.
PILLOW = Config(CONFIG._cfg_dict)
PILLOW.merge_from_dict({
    'train_dataloader.dataset.pipeline.0.imdecode_backend': 'pillow',
    'train_dataloader.dataset.pipeline.2.backend': 'pillow'
})
PILLOW = PILLOW.train_dataloader.dataset.pipeline
TEST = CONFIG.test_dataloader.dataset.pipeline


@pytest.fixture()
def scope():
    """The default scope of a Runner with our configs."""
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        yield


@pytest.fixture()
def paths(tmp_path: Path, make_clip: Callable) -> dict:
    make_clip(tmp_path, 'a_1', size=(455, 256))
    return dict(
        sample_id='a_1',
        img_path=str(tmp_path / 'frames' / 'a_1.jpg'),
        audio_path=str(tmp_path / 'audio' / 'a_1.wav'))


def build(pipeline: List[dict]) -> Compose:
    return Compose([TRANSFORMS.build(step) for step in pipeline])


def as_array(image: Image.Image) -> np.ndarray:
    return np.asarray(image).transpose(2, 0, 1)


def test_test_pipeline(paths: dict, scope):
    packed = Compose(TEST)(dict(paths))
    expected = Image.open(paths['img_path']).convert('RGB').resize(
        (224, 224), Image.BICUBIC)
    np.testing.assert_array_equal(packed['inputs']['image'],
                                  as_array(expected))
    assert packed['inputs']['waveform'].shape == (48000, )
    assert packed['data_samples'].ori_shape == (256, 455)
    assert packed['data_samples'].img_shape == (224, 224)


@pytest.mark.parametrize('size',
                         [(455, 256), (256, 455), (256, 256), (131, 257),
                          (640, 359), (247, 246), (246, 500), (613, 367),
                          (251, 333)])
def test_draws_and_pixels_of_mmpretrain(size: tuple):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    theirs = build([
        dict(
            type='mmpretrain.ResizeEdge',
            scale=246,
            backend='pillow',
            interpolation='bicubic'),
        dict(type='mmpretrain.RandomCrop', crop_size=224)
    ])
    for seed in range(4):
        np.random.seed(seed)
        expected = theirs(dict(img=picture))['img']
        np.random.seed(seed)
        exact = build([PILLOW[2]])(dict(img=picture))['img']
        np.testing.assert_array_equal(exact, expected)
        np.random.seed(seed)
        fast = build([TRAIN[2]])(dict(img=picture))
        assert fast['img_shape'] == (224, 224)
        difference = np.abs(fast['img'].astype(int) - expected)
        assert difference.max() <= 1 and (difference > 0).mean() <= 0.01


def test_no_warning_and_no_scope_needed(paths: dict, capfd):
    assert build(TRAIN)(dict(paths))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        prefixed = [dict(s, type=f'fnac_mm.{s["type"]}') for s in TEST[:2]]
        assert Compose(prefixed + [dict(type='ResizeEdge', scale=9)])(
            dict(paths))['img_shape'][0] == 9
    assert 'WARNING' not in ''.join(capfd.readouterr())
