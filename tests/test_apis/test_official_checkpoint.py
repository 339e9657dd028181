"""The authors' checkpoints, converted, are the published network."""
import os
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
import torch

from fnac_mm.apis.official_checkpoint import convert
from fnac_mm.functional import fnac_losses, localization_map
from fnac_mm.models import DualEncoderLocalizer
from tests.conftest import run_python
from tests.golden_network import (ENCODER, PUBLISHED, golden_inputs,
                                  official_weights)
from tests.payload import Payload


def _official(embed_dims: int = 512) -> dict:
    """Random weights under the authors' names, from torchvision."""
    from torchvision.models import resnet18
    torch.manual_seed(0)
    parts = dict(imgnet=resnet18(weights=None), audnet=resnet18(weights=None))
    parts['audnet'].conv1 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    for part in parts.values():
        part.fc = torch.nn.Identity()
    parts['img_proj'] = torch.nn.Conv2d(512, embed_dims, 1)
    parts['aud_proj'] = torch.nn.Linear(512, embed_dims)
    return {
        f'{name}.{key}': value
        for name, part in parts.items()
        for key, value in part.state_dict().items()
    }


def _localizer(embed_dims: int = 512) -> DualEncoderLocalizer:
    audio_encoder = dict(ENCODER, in_channels=1)
    return DualEncoderLocalizer(ENCODER, audio_encoder, embed_dims)


@pytest.fixture(scope='module')
def golden(shared: Path) -> dict:
    """Numbers of the published network."""
    with np.load(shared / 'golden' / 'model.npz') as file:
        return dict(file)


@pytest.fixture()
def published(shared: Path, tmp_path: Path) -> DualEncoderLocalizer:
    """The network of the golden numbers, through a file and the tool."""
    state = {
        f'module.{key}': value
        for key, value in official_weights(shared).items()
    }
    torch.save(dict(model=state, epoch=3), tmp_path / 'official.pth')
    convert(tmp_path / 'official.pth', tmp_path / 'ours.pth')
    model = DualEncoderLocalizer(**PUBLISHED)
    converted = torch.load(tmp_path / 'ours.pth', weights_only=True)
    model.load_state_dict(converted['state_dict'], strict=True)
    return model


def test_maps_and_losses_are_the_published_ones(
        published: DualEncoderLocalizer, golden: dict,
        record_property: Callable) -> None:
    with torch.no_grad():
        visual, audio = published.eval()(golden_inputs())
        maps = localization_map(visual, audio).numpy() / 0.03
        losses = torch.stack(list(fnac_losses(visual, audio).values()))
    expected = golden['eval_maps']
    error = np.abs(maps - expected).max() / np.ptp(expected)
    record_property('map_error_of_range', float(error))
    assert error < 1e-3
    # contrastive, fns_audio, tne, fns_visual
    relative = np.abs(losses.numpy() / golden['eval_losses'] - 1).max()
    record_property('loss_error', float(relative))
    assert relative < 1e-3


def test_training_steps_are_the_published_ones(
        published: DualEncoderLocalizer, golden: dict,
        record_property: Callable) -> None:
    """Adam, first step without the FNAC terms, batch statistics."""
    optimizer = torch.optim.Adam(
        published.parameters(), lr=1e-4, weight_decay=1e-4)
    inputs = golden_inputs()
    published.train()
    worst = 0.0
    for step, row in enumerate(golden['train_steps_lcon_l1_l2_l3_total']):
        published.loss_module.set_auxiliary(step > 0)
        losses = published(inputs, mode='loss')
        total = sum(losses.values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        found = [value.item() for value in losses.values()]
        expected = (row[:4] * [1, 100, 100, 100])[:len(found)]
        worst = max(worst,
                    np.abs(np.divide(found, expected) - 1).max(),
                    abs(total.item() / row[4] - 1))
    record_property('training_error', float(worst))
    assert worst < 0.01


@pytest.mark.parametrize('wrap', [
    lambda state: dict(model=state, epoch=7),
    lambda state: dict(
        model={
            f'module.{k}': v
            for k, v in state.items()
        }, epoch=7),
    lambda state: state,
])
def test_every_published_form_loads_strictly(tmp_path: Path,
                                             wrap: Callable) -> None:
    state = _official()
    torch.save(wrap(state), tmp_path / 'a.pth')
    convert(tmp_path / 'a.pth', tmp_path / 'new' / 'b.pth')
    converted = torch.load(tmp_path / 'new' / 'b.pth', weights_only=True)
    model = _localizer()
    model.load_state_dict(converted['state_dict'], strict=True)
    assert torch.equal(model.audio_encoder.layer3[0].downsample[0].weight,
                       state['audnet.layer3.0.downsample.0.weight'])
    assert torch.equal(model.image_projection.bias, state['img_proj.bias'])
    assert converted['meta']['converted_from'] == 'a.pth'
    assert converted['meta'].get('epoch', 7) == 7
    assert os.listdir(tmp_path / 'new') == ['b.pth']


def test_other_feature_sizes_are_accepted(tmp_path: Path) -> None:
    torch.save(_official(128), tmp_path / 'a.pth')
    converted = convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert converted['meta']['embed_dims'] == 128
    _localizer(128).load_state_dict(converted['state_dict'], strict=True)


def test_scores_that_the_authors_stored_don_t_stop_it(tmp_path: Path) -> None:
    """Their training loop saves np.mean(...) beside the weights."""
    path = tmp_path / 'best.pth'
    torch.save(
        dict(
            model=_official(),
            epoch=np.int64(9),
            best_cIoU=np.mean(np.array([0.2, 0.6]) >= 0.5),
            best_Auc=np.float32(0.4)), path)
    assert torch.serialization.get_unsafe_globals_in_checkpoint(path)
    convert(path, tmp_path / 'b.pth')
    converted = torch.load(tmp_path / 'b.pth', weights_only=True)
    assert converted['meta']['epoch'] == 9


def _without_a_weight(state: dict) -> None:
    del state['imgnet.layer1.0.bn1.running_var']


def _with_a_classifier(state: dict) -> None:
    state['imgnet.fc.weight'] = torch.zeros(1000, 512)


def _with_stereo_input(state: dict) -> None:
    state['audnet.conv1.weight'] = torch.zeros(64, 2, 7, 7)


def _with_nan(state: dict) -> None:
    state['aud_proj.bias'][3] = float('nan')


def _with_text(state: dict) -> None:
    state['aud_proj.bias'] = 'text'


@pytest.mark.parametrize('damage, message', [
    (_without_a_weight, 'Missing.*image_encoder.layer1.0.bn1.running_var'),
    (_with_a_classifier, 'Unexpected.*image_encoder.fc.weight'),
    (_with_stereo_input,
     r'size mismatch for audio_encoder.conv1.weight: .*64, 2, 7, 7'),
    (_with_nan, 'audio_projection.bias: NaN'),
    (_with_text, 'audio_projection.bias.*str'),
])
def test_what_does_not_fit_is_listed(tmp_path: Path, damage: Callable,
                                     message: str) -> None:
    state = _official()
    damage(state)
    torch.save(dict(model=state), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=f'(?s)a.pth: .*{message}'):
        convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert os.listdir(tmp_path) == ['a.pth']


@pytest.mark.parametrize('content', [
    dict(model=3),
    [1, 2],
    dict(optimizer={}),
])
def test_other_content_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='a.pth'):
        convert(tmp_path / 'a.pth', tmp_path / 'b.pth')


def test_code_is_refused(tmp_path: Path) -> None:
    payload = Payload(os.mkdir, str(tmp_path / 'ran'))
    torch.save(dict(model=_official(), extra=payload), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='a.pth: refused.*mkdir'):
        convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert os.listdir(tmp_path) == ['a.pth']


def test_command_line(tmp_path: Path) -> None:
    torch.save(dict(model=_official()), tmp_path / 'a.pth')
    tool = 'tools/model_converters/convert_official.py'

    done = run_python(tool, tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert done.returncode == 0 and '244 tensors' in done.stdout, done.stderr
    failed = run_python(tool, tmp_path / 'nowhere.pth', tmp_path / 'b.pth')
    assert failed.returncode == 1 and 'Traceback' not in failed.stderr
    assert 'nowhere.pth: no such checkpoint' in failed.stderr
