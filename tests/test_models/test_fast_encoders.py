"""Copies of encoders that predict faster: the same features, or none."""
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from fnac_mm.engine.hooks import FastEncodersHook
from fnac_mm.models import DualEncoderLocalizer
from fnac_mm.models.fast_encoders import (PART, FastEncoder, fast_encoder,
                                          fast_encoders)
from .resnets import TINY, TINY_AUDIO, random_resnet18, save_resnet18


class Net(nn.Module):
    """A convolution and a normalisation, in the given order."""

    def __init__(self, normalize_first: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.norm.running_mean.fill_(1)
        self.normalize_first = normalize_first

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.normalize_first:
            return self.conv(self.norm(x))
        return self.norm(self.conv(x))


@torch.no_grad()
def test_same_features_as_torchvisions_network() -> None:
    network = random_resnet18()
    encoder = nn.Sequential(*list(network.children())[:-2]).eval()
    pictures = torch.randn(2 * PART + 3, 3, 96, 64)
    fast = fast_encoder(encoder)
    assert fast is not None
    assert not any(isinstance(m, nn.BatchNorm2d) for m in fast.modules())
    assert any(isinstance(m, nn.BatchNorm2d) for m in encoder.modules())
    found, = fast(pictures)
    torch.testing.assert_close(found, encoder(pictures), rtol=1e-4, atol=1e-4)
    assert found.is_contiguous()


def test_none_where_the_order_of_modules_is_not_that_of_the_sums() -> None:
    assert fast_encoder(Net(normalize_first=False).eval()) is not None
    assert fast_encoder(Net(normalize_first=True).eval()) is None


def test_none_for_what_it_does_not_know() -> None:
    assert fast_encoder(nn.Linear(3, 3).eval()) is None
    assert fast_encoder(Net(False).train()) is None
    compiled = Net(False).eval()
    compiled.compile()
    assert fast_encoder(compiled) is None
    watched = Net(False).eval()
    watched.conv.register_forward_hook(lambda *args: None)
    assert fast_encoder(watched) is None


@pytest.mark.parametrize('fails', [False, True])
def test_model_is_what_it_was_before(tmp_path: Path, fails: bool) -> None:
    checkpoint = str(save_resnet18(tmp_path))
    prior = dict(
        type='mmpretrain.ResNet',
        depth=18,
        init_cfg=dict(type='Pretrained', checkpoint=checkpoint))
    model = DualEncoderLocalizer(
        TINY,
        TINY_AUDIO,
        object_prior=dict(type='fnac_mm.ObjectPrior', backbone=prior)).eval()
    inputs = dict(
        image=torch.randn(3, 3, 64, 64), audio=torch.randn(3, 1, 64, 50))
    before = model.predict(inputs)
    parts = (model.image_encoder, model.audio_encoder,
             model.object_prior.classifier)
    keys = list(model.state_dict())
    try:
        with fast_encoders(model):
            inside = model.predict(inputs)
            assert isinstance(model.image_encoder, FastEncoder)
            assert isinstance(model.object_prior.classifier, FastEncoder)
            if fails:
                raise KeyError
    except KeyError:
        pass
    assert parts == (model.image_encoder, model.audio_encoder,
                     model.object_prior.classifier)
    assert list(model.state_dict()) == keys
    for first, second in zip(before, inside):
        for key in ('pred_map', 'pred_object_map'):
            torch.testing.assert_close(
                first.get(key).data,
                second.get(key).data,
                rtol=1e-4,
                atol=1e-5)


def test_hook_replaces_them_during_a_test_only() -> None:
    model = DualEncoderLocalizer(TINY, TINY_AUDIO).eval()
    runner = SimpleNamespace(model=model)
    hook, encoder = FastEncodersHook(), model.image_encoder
    for _ in range(2):
        hook.before_test(runner)
        assert isinstance(model.image_encoder, FastEncoder)
        hook.after_test(runner)
        assert model.image_encoder is encoder
