"""Batches of raw media become the network's input."""
from typing import List

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from scipy.signal import spectrogram

from fnac_mm.models import AVDataPreprocessor
from fnac_mm.structures import AVDataSample

RATE = 16000
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _samples(*rates: int) -> List[AVDataSample]:
    return [
        AVDataSample(metainfo=dict(sample_id=f'clip{i}', sample_rate=rate))
        for i, rate in enumerate(rates)
    ]


def _batch(rates: tuple = (RATE, RATE)) -> dict:
    generator = torch.Generator().manual_seed(0)
    size = len(rates)
    return dict(
        inputs=dict(
            image=torch.randint(
                0,
                256, (size, 3, 8, 9),
                dtype=torch.uint8,
                generator=generator),
            waveform=torch.rand(size, 3 * RATE, generator=generator) - 0.5),
        data_samples=_samples(*rates))


def _scipy_audio(waveform: torch.Tensor, rate: int = RATE) -> np.ndarray:
    """The published input, computed with SciPy in float64."""
    power = spectrogram(
        waveform.double().numpy(), rate, nperseg=512, noverlap=274)[2]
    return np.log(power + 1e-7) / 12


def test_picture_is_normalised_as_torchvision_does() -> None:
    batch = _batch()
    out = AVDataPreprocessor()(batch)['inputs']['image']
    for channel in range(3):
        pixels = batch['inputs']['image'][:, channel].double() / 255
        expected = (pixels - MEAN[channel]) / STD[channel]
        torch.testing.assert_close(
            out[:, channel], expected.float(), rtol=1e-5, atol=1e-5)


def test_sound_is_scipys_spectrogram() -> None:
    batch = _batch()
    out = AVDataPreprocessor()(batch)['inputs']['audio']
    assert out.shape == (2, 1, 257, 200) and out.dtype == torch.float32
    expected = _scipy_audio(batch['inputs']['waveform'])
    np.testing.assert_allclose(out[:, 0].numpy(), expected, atol=2e-5)


def test_a_spectrogram_serves_in_place_of_sound() -> None:
    """Analysed elsewhere, it is divided all the same."""
    batch, own = _batch(), AVDataPreprocessor()
    expected = own(batch)['inputs']['audio']
    analyzed = own.analyze(batch['inputs'].pop('waveform'), RATE)
    batch['inputs']['spectrogram'] = analyzed
    assert torch.equal(own(batch)['inputs']['audio'], expected)
    batch['inputs']['spectrogram'] = analyzed[0]
    with pytest.raises(ValueError, match=r'spectrogram \(B,F,T\), got'):
        own(batch)


@pytest.mark.parametrize('channels', [1, 2, 4])
def test_other_pictures_than_rgb_are_refused(channels: int) -> None:
    batch = _batch()
    batch['inputs']['image'] = torch.zeros(
        2, channels, 8, 9, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r'image \(B,3,H,W\).*, 8, 9\)'):
        AVDataPreprocessor()(batch)
    # With values of their own they are not.
    for size in (1, channels):
        own = AVDataPreprocessor([0.] * size, [1.] * size)
        assert own(batch)['inputs']['image'].shape == (2, channels, 8, 9)


def test_rate_comes_from_the_samples() -> None:
    batch = _batch((44100, 44100))
    out = AVDataPreprocessor()(batch)['inputs']['audio'][:, 0]
    expected = _scipy_audio(batch['inputs']['waveform'], 44100)
    np.testing.assert_allclose(out.numpy(), expected, atol=2e-5)


def test_rate_argument_serves_samples_that_tell_none() -> None:
    batch = _batch()
    del batch['data_samples']
    out = AVDataPreprocessor(sample_rate=8000)(batch)
    assert out['data_samples'] is None
    expected = _scipy_audio(batch['inputs']['waveform'], 8000)
    np.testing.assert_allclose(
        out['inputs']['audio'][:, 0].numpy(), expected, atol=2e-5)


def test_16_bit_sound_has_the_published_full_scale() -> None:
    values = torch.tensor(
        [[-32768, -32767, 0, 16384, 32767] * 200] * 2, dtype=torch.int16)
    batch = _batch()
    batch['inputs']['waveform'] = values
    out = AVDataPreprocessor()(batch)['inputs']['audio'][:, 0]
    scaled = (values.double() / 32767).clamp(-1, 1)
    np.testing.assert_allclose(out.numpy(), _scipy_audio(scaled), atol=2e-5)


def test_list_form_gives_the_same_as_the_stacked_batch() -> None:
    batch = _batch()
    items = [
        dict(
            inputs={
                k: v[i]
                for k, v in batch['inputs'].items()
            },
            data_samples=batch['data_samples'][i]) for i in range(2)
    ]
    model = AVDataPreprocessor()
    stacked, listed = model(batch), model(pseudo_collate(items))
    for key, value in stacked['inputs'].items():
        assert torch.equal(value, listed['inputs'][key])
    assert listed['data_samples'] == batch['data_samples']


def test_mixed_rates_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'clip1': 44100.*LoadAudio"):
        AVDataPreprocessor()(_batch((RATE, 44100)))


@pytest.mark.parametrize('key', ['image', 'waveform'])
def test_mixed_shapes_are_refused_by_name(key: str) -> None:
    batch = _batch()
    first, second = batch['inputs'][key]
    batch['inputs'][key] = [first, second[..., :-1]]
    with pytest.raises(ValueError, match=f"{key}: .*'clip1'"):
        AVDataPreprocessor()(batch)


def test_wrong_rank_is_refused() -> None:
    batch = _batch()
    batch['inputs']['waveform'] = batch['inputs']['waveform'][:, None]
    with pytest.raises(ValueError, match=r'waveform \(B,S\)'):
        AVDataPreprocessor()(batch)


def test_masks_only_in_training() -> None:
    batch = _batch()
    masks = dict(max_width=10, fill=0)
    model = AVDataPreprocessor(masks=masks)
    plain = AVDataPreprocessor()(batch)['inputs']['audio']
    assert torch.equal(model(batch, False)['inputs']['audio'], plain)
    torch.manual_seed(3)
    masked = model(batch, True)['inputs']['audio']
    changed = masked != plain
    assert changed.any() and (masked[changed] == 0).all()


def test_unknown_mask_option_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match='max_widht'):
        AVDataPreprocessor(masks=dict(max_widht=3))


def test_zero_divisor_is_refused() -> None:
    with pytest.raises(ValueError, match='audio_divisor'):
        AVDataPreprocessor(audio_divisor=0)


def test_autocast_does_not_touch_the_spectrogram() -> None:
    batch = _batch()
    model = AVDataPreprocessor()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        out = model(batch)['inputs']
    assert {v.dtype for v in out.values()} == {torch.float32}
    assert torch.equal(out['audio'], model(batch)['inputs']['audio'])


def test_leaves_nothing_in_a_checkpoint_and_follows_the_device() -> None:
    model = AVDataPreprocessor()
    assert not model.state_dict()
    model.to('meta')
    assert model.image_mean.device.type == 'meta'
    image = model._to_device(_batch()['inputs'], 'image', None)
    assert image.device.type == 'meta' and image.dtype == torch.uint8
