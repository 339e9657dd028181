"""From a checkpoint, a picture and a sound to a map."""
import copy
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from fnac_mm.apis import LocalizationInferencer
from fnac_mm.functional import log_spectrogram, window_waveform
from fnac_mm.registry import INFERENCERS
from .toy_model import CONFIG, build_toy, save_toy

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 255, (3, 40, 70, 3), np.uint8)
SOUNDS = RNG.uniform(-0.5, 0.5, (3, 8000))
INPUTS = [
    dict(image=picture, audio=(sound, 8000))
    for picture, sound in zip(PICTURES, SOUNDS)
]


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_toy(tmp_path_factory.mktemp('toy'))


def by_hand(picture: np.ndarray, sound: np.ndarray) -> torch.Tensor:
    """Cosines (h, w), without any of the package's adapters."""
    small = Image.fromarray(picture).resize((64, 64), Image.Resampling.BICUBIC)
    image = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float()
    mean = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
    std = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)
    waveform, _ = window_waveform(sound, 8000, 0.5)
    audio = log_spectrogram(waveform, 8000)[None, None] / 12
    model = build_toy()
    with torch.no_grad():
        visual = model.image_projection(
            model.image_encoder((image - mean) / std)[-1])
        sounds = model.audio_projection(
            model.audio_encoder(audio)[-1].amax(dim=(2, 3)))
    return F.cosine_similarity(visual, sounds[:, :, None, None])[0]


def test_equals_the_network_by_hand(
        inferencer: LocalizationInferencer) -> None:
    results = inferencer(INPUTS, batch_size=2)['predictions']
    assert len(results) == 3
    for result, picture, sound in zip(results, PICTURES, SOUNDS):
        raw = by_hand(picture, sound)
        np.testing.assert_allclose(result['raw_map'], raw, atol=1e-5)
        assert result['map'].shape == (40, 70)
        assert result['map'].dtype == np.float32
        large = F.interpolate(
            raw[None, None], (224, 224), mode='bilinear', align_corners=True)
        assert result['confidence'] == pytest.approx(large.max().item(), 1e-4)
        assert result['placed'] is None
        large = (large - large.min()) / (large.max() - large.min())
        expected = F.interpolate(
            large, (40, 70), mode='bilinear', align_corners=False)[0, 0]
        np.testing.assert_allclose(result['map'], expected, atol=1e-3)
        row, column = np.unravel_index(result['map'].argmax(), (40, 70))
        assert result['peak'] == ((column + 0.5) / 70, (row + 0.5) / 40)


def test_config_and_weights(checkpoint: Path, tmp_path: Path,
                            inferencer: LocalizationInferencer) -> None:
    expected = inferencer(INPUTS[0])['predictions'][0]['map']
    file = tmp_path / 'toy.py'
    Config(CONFIG).dump(file)
    for config in (file, str(file), Config(CONFIG), CONFIG):
        other = LocalizationInferencer(
            config, str(checkpoint), device='cpu', show_progress=False)
        found = other(INPUTS[0])['predictions'][0]['map']
        assert np.array_equal(found, expected)
    # The user's config is not changed.
    assert 'object_prior' not in CONFIG['model']


def test_names_as_parallel_training_writes_them(
        tmp_path: Path, inferencer: LocalizationInferencer) -> None:
    state = {f'module.{k}': v for k, v in build_toy().state_dict().items()}
    path = save_toy(tmp_path, state_dict=state)
    other = LocalizationInferencer(path, device='cpu', show_progress=False)
    expected, found = (
        made(INPUTS[0])['predictions'][0]['map']
        for made in (inferencer, other))
    assert np.array_equal(found, expected)


def test_written_files(inferencer: LocalizationInferencer,
                       tmp_path: Path) -> None:
    result = inferencer(INPUTS[:2], out_dir=str(tmp_path / 'new' / 'out'))
    for prediction, picture in zip(result['predictions'],
                                   result['visualization']):
        files = prediction['files']
        stem = prediction['sample_id']
        assert files['map'] == str(tmp_path / 'new' / 'out' / f'{stem}.npy')
        assert np.array_equal(np.load(files['map']), prediction['map'])
        assert picture.shape == (40, 70, 3) and picture.dtype == np.uint8
        assert np.array_equal(np.array(Image.open(files['overlay'])), picture)


def test_without_pictures(inferencer: LocalizationInferencer,
                          tmp_path: Path) -> None:
    result = inferencer(INPUTS[0], draw=False, out_dir=str(tmp_path))
    assert result['visualization'] == []
    assert list(result['predictions'][0]['files']) == ['map']
    assert [p.name for p in tmp_path.iterdir()] == ['000000.npy']


def test_overlay_shows_the_map(inferencer: LocalizationInferencer) -> None:
    """The warmest place of the picture is where the map is highest."""
    grey = dict(INPUTS[0], image=np.full((200, 200, 3), 128, np.uint8))
    result = inferencer(grey)
    drawn = result['visualization'][0].astype(int)
    warm = drawn[..., 0] - drawn[..., 2]
    heat = result['predictions'][0]['map']
    inside = slice(40, 160)
    assert np.corrcoef(warm[inside].ravel(), heat[inside].ravel())[0, 1] > 0.5


def test_protocol(inferencer: LocalizationInferencer) -> None:
    plain = inferencer(INPUTS[0])['predictions'][0]
    cosine = inferencer(INPUTS[0], protocol='vssl_eval')['predictions'][0]
    assert plain['map'].min() < 0.1 and plain['map'].max() > 0.9
    np.testing.assert_allclose(
        cosine['map'].max(), (plain['raw_map'].max() + 1) / 2, atol=0.02)
    assert np.array_equal(cosine['raw_map'], plain['raw_map'])
    with pytest.raises(ValueError, match="unknown protocol 'best'"):
        inferencer(INPUTS[0], protocol='best')


class TestMinConfidence:
    """Below it nothing is painted."""

    def test_no_source(self, checkpoint: Path, tmp_path: Path) -> None:
        for limit in (-0.9, 0.9):
            strict = LocalizationInferencer(
                checkpoint,
                device='cpu',
                show_progress=False,
                min_confidence=limit)
            result = strict(INPUTS[0], out_dir=str(tmp_path))
            prediction, = result['predictions']
            assert prediction['placed'] is (limit < 0)
            assert (prediction['box'] is None) is (limit > 0)
            # Below the caption, nothing is drawn but what is placed.
            same = result['visualization'][0][20:] == PICTURES[0][20:]
            assert same.all() == (limit > 0)

    def test_of_the_checkpoint(self, tmp_path: Path) -> None:
        cfg = Config(dict(CONFIG, min_confidence=0.3)).pretty_text
        for meta, expected in ((dict(cfg=cfg), 0.3),
                               (dict(cfg=cfg, min_confidence=0.4), 0.4)):
            path = save_toy(tmp_path, meta=meta)
            assert LocalizationInferencer(
                path, device='cpu').min_confidence == expected
            assert LocalizationInferencer(
                path, device='cpu', min_confidence=0.5).min_confidence == 0.5

    def test_refused(self, tmp_path: Path) -> None:
        path = save_toy(
            tmp_path,
            meta=dict(cfg=Config(CONFIG).pretty_text, min_confidence='high'))
        with pytest.raises(ValueError, match="checkpoint: .*got 'high'"):
            LocalizationInferencer(path, device='cpu')


def test_data_samples(inferencer: LocalizationInferencer) -> None:
    sample, = inferencer(INPUTS[0], return_datasamples=True)['predictions']
    assert sample.pred_map.data.shape == (1, 4, 4)
    assert sample.ori_shape == (40, 70)


def test_unknown_keyword(inferencer: LocalizationInferencer) -> None:
    with pytest.raises(ValueError, match='protocoll'):
        inferencer(INPUTS[0], protocoll='ez')


def test_real_files(inferencer: LocalizationInferencer, shared: Path) -> None:
    samples = shared / 'samples'
    results = inferencer([
        dict(
            image=samples / f'pairs/{name}_image.jpg',
            audio=samples / f'pairs/{name}_audio.wav')
        for name in ('bird', 'car', 'dog')
    ] + [dict(video=path) for path in sorted((samples / 'videos').iterdir())])
    for result, picture in zip(results['predictions'],
                               results['visualization']):
        assert result['map'].shape == picture.shape[:2]
        assert np.isfinite(result['map']).all()


def test_built_from_another_scope(checkpoint: Path) -> None:
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        built = INFERENCERS.build(
            dict(
                type='fnac_mm.LocalizationInferencer',
                weights=str(checkpoint),
                device='cpu',
                show_progress=False))
        assert built(INPUTS[0])['predictions'][0]['sample_id'] == '000000'


class TestObjectPrior:
    """Off unless asked for, so that nothing is downloaded."""

    def config(self, folder: Path) -> dict:
        config = copy.deepcopy(CONFIG)
        backbone = copy.deepcopy(config['model']['image_encoder'])
        backbone['init_cfg'] = dict(
            type='Pretrained', checkpoint=str(folder / 'prior.pth'))
        config['model']['object_prior'] = dict(
            type='ObjectPrior', backbone=backbone)
        return config

    def test_off(self, tmp_path: Path) -> None:
        path = save_toy(tmp_path, self.config(tmp_path))
        result = LocalizationInferencer(
            path, show_progress=False)(INPUTS[0])['predictions'][0]
        assert 'object_map' not in result and 'fused_map' not in result

    def test_on(self, tmp_path: Path) -> None:
        torch.save(build_toy().image_encoder.state_dict(),
                   tmp_path / 'prior.pth')
        config = self.config(tmp_path)
        path = save_toy(tmp_path, config)
        result = LocalizationInferencer(
            config, path, object_prior=True,
            show_progress=False)(INPUTS[0])['predictions'][0]
        assert result['object_map'].shape == (40, 70)
        assert result['fused_map'].shape == (40, 70)
        # A file that only the checkpoint names is not opened.
        with pytest.raises(ValueError, match=f'{path}: .*trained weights'):
            LocalizationInferencer(path, object_prior=True)


class TestRefusals:
    """Models: every message names the file."""

    def test_no_weights(self, tmp_path: Path) -> None:
        Config(CONFIG).dump(tmp_path / 'toy.py')
        with pytest.raises(ValueError, match='toy.py.*give a checkpoint'):
            LocalizationInferencer(tmp_path / 'toy.py')
        with pytest.raises(ValueError, match='give a checkpoint'):
            LocalizationInferencer(Config(CONFIG))

    def test_missing(self, tmp_path: Path, checkpoint: Path) -> None:
        for arguments in ((tmp_path / 'a.pth', ), ('a.py', checkpoint),
                          (CONFIG, tmp_path / 'a.pth')):
            with pytest.raises(FileNotFoundError, match='a.p'):
                LocalizationInferencer(*arguments)

    def test_published_file(self, tmp_path: Path) -> None:
        torch.save(dict(model=build_toy().state_dict()), tmp_path / 'a.pth')
        with pytest.raises(ValueError, match='a.pth.*convert_official'):
            LocalizationInferencer(CONFIG, tmp_path / 'a.pth')

    def test_misfit(self, tmp_path: Path) -> None:
        state = build_toy().state_dict()
        state['extra.weight'] = state.pop('audio_projection.bias')
        state['image_projection.bias'] = torch.zeros(3)
        path = save_toy(tmp_path, state_dict=state)
        with pytest.raises(
                ValueError, match=f'{path}: the checkpoint does '
                'not fit') as caught:
            LocalizationInferencer(path)
        told = str(caught.value)
        assert '1 missing: audio_projection.bias' in told
        assert '1 unexpected: extra.weight' in told
        assert 'image_projection.bias (3,) instead of (16,)' in told

    def test_misfit_of_all_is_short(self, tmp_path: Path) -> None:
        path = save_toy(
            tmp_path,
            state_dict={
                f'a.{k}': v
                for k, v in build_toy().state_dict().items()
            })
        with pytest.raises(ValueError, match='missing') as caught:
            LocalizationInferencer(path)
        assert len(str(caught.value)) < 700


def test_weights_of_a_wrapped_model(tmp_path: Path,
                                    inferencer: LocalizationInferencer):
    """Names that begin with ``module.``, as torch's wrappers write them."""
    state = {f'module.{k}': v for k, v in build_toy().state_dict().items()}
    wrapped = LocalizationInferencer(
        str(save_toy(tmp_path, state_dict=state)), device='cpu')
    one, other = (
        each(INPUTS[:1])['predictions'][0] for each in (inferencer, wrapped))
    assert np.array_equal(one['raw_map'], other['raw_map'])
