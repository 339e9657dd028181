"""Copies of encoders that predict faster: the same features, or none."""
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List

import pytest
import torch
from mmengine.hooks import EMAHook
from mmpretrain.models.backbones import VGG, ResNet
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from fnac_mm.engine.hooks import FastEncodersHook
from fnac_mm.models import DualEncoderLocalizer
from fnac_mm.models.fast_encoders import PART, fast_encoders, fast_forward
from .resnets import TINY, TINY_AUDIO, save_resnet18


def network(**options: Any) -> ResNet:
    """ResNet-18, narrow, of random weights and statistics."""
    torch.manual_seed(0)
    made = ResNet(18, stem_channels=8, base_channels=8, **options)
    made.eval()
    for module in made.modules():
        if isinstance(module, _BatchNorm):
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.running_mean)
            if module.affine:
                nn.init.normal_(module.weight, 1, 0.1)
    return made


@torch.no_grad()
@pytest.mark.parametrize('options', [
    dict(),
    dict(in_channels=1, out_indices=(1, 3)),
    dict(deep_stem=True, avg_down=True),
    dict(norm_cfg=dict(type='GN', num_groups=4))
])
def test_same_features(options: dict) -> None:
    encoder = network(**options)
    shape = (2 * PART + 3, options.get('in_channels', 3), 96, 64)
    pictures = torch.randn(shape)
    forward = fast_forward(encoder)
    assert forward is not None
    found, expected = forward(pictures), encoder(pictures)
    assert len(found) == len(expected)
    for x, y in zip(found, expected):
        torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-4)
        assert x.is_contiguous()


def test_none_for_what_it_does_not_know() -> None:
    assert fast_forward(network()) is not None
    assert fast_forward(network().double()) is None
    other, training = VGG(11, norm_cfg=dict(type='BN')), network()
    other.eval()
    training.train()
    assert fast_forward(
        network(norm_cfg=dict(type='BN', affine=False))) is None
    assert fast_forward(torch.compile(network())) is None
    compiled, watched, zero = network(), network(), network()
    compiled.compile()
    watched.layer1.register_forward_hook(lambda *args: None)
    for weight in zero.parameters():
        nn.init.zeros_(weight)
    for encoder in (other, training, compiled, watched, zero):
        assert fast_forward(encoder) is None


def localizer(folder: Path) -> DualEncoderLocalizer:
    prior = dict(
        type='mmpretrain.ResNet',
        depth=18,
        init_cfg=dict(
            type='Pretrained', checkpoint=str(save_resnet18(folder))))
    return DualEncoderLocalizer(
        TINY,
        TINY_AUDIO,
        object_prior=dict(type='fnac_mm.ObjectPrior', backbone=prior)).eval()


def parts(model: DualEncoderLocalizer) -> tuple:
    return (model.image_encoder, model.audio_encoder,
            model.object_prior.classifier)


def are_fast(model: DualEncoderLocalizer) -> list:
    return ['forward' in vars(part) for part in parts(model)]


def test_model_is_what_it_was_before(tmp_path: Path) -> None:
    model = localizer(tmp_path)
    inputs = dict(
        image=torch.randn(3, 3, 64, 64), audio=torch.randn(3, 1, 64, 50))
    before, state = model.predict(inputs), model.state_dict()
    own = parts(model)
    with pytest.raises(KeyError), fast_encoders(model):
        inside = model.predict(inputs)
        assert are_fast(model) == [True] * 3
        assert parts(model) == own
        assert list(model.state_dict()) == list(state)
        raise KeyError
    assert are_fast(model) == [False] * 3
    for key, value in model.state_dict().items():
        assert torch.equal(value, state[key])
    for first, second in zip(before, inside):
        for key in ('pred_map', 'pred_object_map'):
            torch.testing.assert_close(
                first.get(key).data,
                second.get(key).data,
                rtol=1e-4,
                atol=1e-5)


def run_of(model: nn.Module, **options: Any) -> SimpleNamespace:
    """What hooks ask of a Runner."""
    said: List[str] = []
    facts = dict(
        model=model,
        test_loop=None,
        cfg={},
        epoch=0,
        iter=0,
        said=said,
        logger=SimpleNamespace(info=said.append))
    return SimpleNamespace(**{**facts, **options})


@torch.no_grad()
def test_weights_are_those_of_the_test(tmp_path: Path) -> None:
    """The average's in the epoch of a test, the model's after it."""
    model = localizer(tmp_path)
    inputs = dict(
        image=torch.randn(3, 3, 64, 64), audio=torch.randn(3, 1, 64, 50))
    runner, average, hook = run_of(model), EMAHook(), FastEncodersHook()
    average.before_run(runner)
    before = model.predict(inputs)[0].pred_map.data
    for weight in model.image_encoder.parameters():
        weight.add_(0.1 * torch.randn_like(weight))
    found = {}
    for name, others in dict(average=[average], model=[]).items():
        for other in others:
            other.before_test_epoch(runner)
        hook.before_test_iter(runner, 0)
        found[name] = model.predict(inputs)[0].pred_map.data
        for last in (hook, *others):
            last.after_test_epoch(runner)
    torch.testing.assert_close(found['average'], before, rtol=1e-4, atol=1e-5)
    now = model.predict(inputs)[0].pred_map.data
    torch.testing.assert_close(found['model'], now, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(now, before, atol=1e-2)


def test_a_wrapped_model(tmp_path: Path) -> None:
    """As in several processes; it says what it did."""
    model = localizer(tmp_path)
    runner, hook = run_of(nn.DataParallel(model)), FastEncodersHook()
    hook.before_test_iter(runner, 0)
    assert are_fast(model) == [True] * 3
    hook.after_test_epoch(runner)
    assert are_fast(model) == [False] * 3
    said, = runner.said
    assert 'image_encoder, audio_encoder, object_prior;' in said


def test_a_test_that_broke_off_leaves_nothing(tmp_path: Path) -> None:
    model = localizer(tmp_path)
    runner = run_of(model)
    hook = FastEncodersHook()
    for end in (hook.before_test, hook.before_train, hook.before_val,
                hook.before_save_checkpoint, hook.after_test_epoch):
        hook.before_test_iter(runner, 0, None)
        assert are_fast(model) == [True] * 3
        hook.before_test_iter(runner, 1, None)
        end(runner, {})
        assert are_fast(model) == [False] * 3


def test_some_are_left_alone(tmp_path: Path) -> None:
    """Mixed precision, compiled models, and where nobody wants it."""
    model = localizer(tmp_path)
    runner = run_of(model)
    FastEncodersHook(enable=False).before_test_iter(runner, 0)
    assert are_fast(model) == [False] * 3
    for options in (dict(test_loop=SimpleNamespace(fp16=True)),
                    dict(cfg=dict(compile=True))):
        FastEncodersHook().before_test_iter(run_of(model, **options), 0)
        assert are_fast(model) == [False] * 3
    assert not runner.said
