"""The object prior: frozen, out of every checkpoint, never random."""
from pathlib import Path

import pytest
import torch

from fnac_mm.models import DualEncoderLocalizer, ObjectPrior
from .resnets import (TINY, TINY_AUDIO, random_resnet18, save_resnet18,
                      torchvision_layer4)


def _config(path: Path) -> dict:
    return dict(
        type='fnac_mm.ObjectPrior',
        backbone=dict(
            type='mmpretrain.ResNet',
            depth=18,
            init_cfg=dict(type='Pretrained', checkpoint=str(path))))


def _prior(path: Path) -> ObjectPrior:
    config = _config(path)
    return ObjectPrior(config['backbone'])


def test_map_is_the_mean_activation_of_torchvisions_network(
        tmp_path: Path) -> None:
    prior = _prior(save_resnet18(tmp_path))
    image = torch.randn(2, 3, 96, 64)
    found = prior.train()(image.requires_grad_())
    expected = torchvision_layer4(image).abs().mean(dim=1)
    assert torch.equal(found, expected) and found.shape == (2, 3, 2)
    assert found.max() > 0
    assert not found.requires_grad


def test_weights_are_read_at_first_use_only(tmp_path: Path) -> None:
    path = save_resnet18(tmp_path)
    prior = _prior(path)
    image = torch.randn(1, 3, 32, 32)
    first = prior(image)
    path.unlink()
    assert torch.equal(prior(image), first)
    with pytest.raises(FileNotFoundError, match='resnet18.pth'):
        _prior(path)(image)


def test_nothing_of_it_is_in_the_localizer(tmp_path: Path) -> None:
    plain = DualEncoderLocalizer(TINY, TINY_AUDIO)
    model = DualEncoderLocalizer(
        TINY, TINY_AUDIO, object_prior=_config(save_resnet18(tmp_path)))
    assert list(model.state_dict()) == list(plain.state_dict())
    assert [n for n, _ in model.named_parameters()
            ] == [n for n, _ in plain.named_parameters()]
    model.init_weights()
    model.train()
    assert not model.object_prior._frozen[0].training


@pytest.mark.parametrize('move, dtype, device', [
    (lambda m: m.half(), torch.float16, 'cpu'),
    (lambda m: m.double(), torch.float64, 'cpu'),
    (lambda m: m.to(torch.bfloat16), torch.bfloat16, 'cpu'),
    (lambda m: m.to('meta'), torch.float32, 'meta'),
])
def test_it_follows_the_localizer(tmp_path: Path, move, dtype: torch.dtype,
                                  device: str) -> None:
    model = DualEncoderLocalizer(
        TINY, TINY_AUDIO, object_prior=_config(save_resnet18(tmp_path)))
    move(model)
    weight = model.object_prior._frozen[0].conv1.weight
    assert weight.dtype == dtype and weight.device.type == device
    if device == 'cpu':
        expected = random_resnet18().conv1.weight.to(dtype)
        model.object_prior.init_weights()
        assert torch.equal(weight, expected)


def test_prediction_holds_both_maps(tmp_path: Path) -> None:
    model = DualEncoderLocalizer(
        TINY, TINY_AUDIO, object_prior=_config(save_resnet18(tmp_path)))
    image = torch.randn(2, 3, 64, 64)
    inputs = dict(image=image, audio=torch.randn(2, 1, 65, 40))
    samples = model.eval()(inputs, None, 'predict')
    expected = torchvision_layer4(image).abs().mean(dim=1)
    for sample, objectness in zip(samples, expected):
        assert torch.equal(sample.pred_object_map.data[0], objectness)
        assert sample.pred_map.shape == (4, 4)


def test_untrained_classifier_is_refused() -> None:
    with pytest.raises(ValueError, match='trained weights'):
        ObjectPrior(dict(type='mmpretrain.ResNet', depth=18))


def test_it_sees_pictures_as_it_was_trained(tmp_path: Path) -> None:
    """The same picture, whatever the localizer's encoder wants."""
    half = dict(image_mean=[127.5] * 3, image_std=[127.5] * 3)
    batch = dict(
        inputs=dict(
            image=torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8),
            waveform=torch.rand(2, 8000) - 0.5))
    prior = _config(save_resnet18(tmp_path))
    found = [
        DualEncoderLocalizer(
            TINY,
            TINY_AUDIO,
            object_prior=dict(prior, **own),
            data_preprocessor=dict(
                type='fnac_mm.AVDataPreprocessor', **encoder)).test_step(batch)
        for own, encoder in (({}, {}), ({}, half), (half, half), (half, {}))
    ]
    maps = [torch.stack([s.pred_object_map.data for s in x]) for x in found]
    torch.testing.assert_close(maps[0], maps[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(maps[2], maps[3], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(maps[0], maps[2], rtol=1e-2)
