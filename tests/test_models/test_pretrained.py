"""Pretrained weights are had, safe and fitting, or there is an error."""
import os
from pathlib import Path
from typing import Callable, Optional
from urllib.error import URLError

import pytest
import torch
from mmengine.runner import CheckpointLoader

from fnac_mm.models import DualEncoderLocalizer
from fnac_mm.models.pretrained import load_pretrained
from fnac_mm.registry import MODELS
from tests.payload import Payload
from .resnets import (TINY_AUDIO, random_resnet18, save_resnet18,
                      torchvision_layer4)


def _encoder(checkpoint: object, **options) -> dict:
    return dict(
        type='mmpretrain.ResNet',
        depth=18,
        init_cfg=dict(
            type='Pretrained', checkpoint=str(checkpoint), **options))


def _prior(checkpoint: object) -> dict:
    return dict(type='fnac_mm.ObjectPrior', backbone=_encoder(checkpoint))


def _init(image_encoder: dict, prior: Optional[dict] = None) -> None:
    DualEncoderLocalizer(
        image_encoder, TINY_AUDIO, object_prior=prior).init_weights()


def test_torchvisions_file_gives_torchvisions_features(tmp_path: Path) -> None:
    model = DualEncoderLocalizer(_encoder(save_resnet18(tmp_path)), TINY_AUDIO)
    model.init_weights()
    image = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        found = model.eval().image_encoder(image)[-1]
    assert torch.equal(found, torchvision_layer4(image))


def test_prefix_selects_a_part_of_a_checkpoint(tmp_path: Path) -> None:
    weights = random_resnet18().state_dict()
    state = {f'module.backbone.{k}': v for k, v in weights.items()}
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')
    encoder = MODELS.build(_encoder(tmp_path / 'a.pth', prefix='backbone'))
    load_pretrained(encoder, 'model.image_encoder')
    for key, value in encoder.state_dict().items():
        assert torch.equal(value, weights[key])


@pytest.mark.parametrize('error', [
    URLError('no route to host'),
    ConnectionResetError('by peer'),
    TimeoutError('timed out')
])
def test_unreachable_download_says_how_to_go_on(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
        error: OSError) -> None:

    def fail(filename: str, *args, **kwargs) -> None:
        raise error

    download = 'torchvision://resnet18'
    schemes = dict(CheckpointLoader._schemes, **{'torchvision://': fail})
    monkeypatch.setattr(CheckpointLoader, '_schemes', schemes)
    key = 'model.image_encoder.init_cfg.checkpoint'
    with pytest.raises(
            RuntimeError, match=f'--cfg-options {key}=/path/to/resnet18.pth'):
        _init(_encoder(download))
    key = 'model.object_prior.backbone.init_cfg.checkpoint'
    with pytest.raises(
            RuntimeError, match=f'--cfg-options {key}=/path/to/resnet18.pth'):
        _init(_encoder(save_resnet18(tmp_path)), _prior(download))


def _with_code(path: Path) -> None:
    torch.save(
        dict(state_dict=Payload(os.mkdir, str(path.parent / 'ran'))), path)


def _of_another_network(path: Path) -> None:
    state = random_resnet18().state_dict()
    state['layer1.0.conv1.weight'] = torch.zeros(64, 64, 1, 1)
    torch.save(state, path)


def _with_a_gap(path: Path) -> None:
    state = random_resnet18().state_dict()
    del state['layer4.1.bn2.weight']
    torch.save(state, path)


@pytest.mark.parametrize('write, message', [
    (_with_code, 'refused'),
    (_of_another_network, 'does not fit ResNet.*layer1.0.conv1.weight'),
    (_with_a_gap, 'does not fit ResNet.*lacks layer4.1.bn2.weight'),
    (lambda path: path.write_bytes(b'<html>'), 'no checkpoint'),
])
def test_bad_file_is_refused_by_name(tmp_path: Path, write: Callable,
                                     message: str) -> None:
    path = tmp_path / 'weights.pth'
    write(path)
    with pytest.raises(ValueError, match=f'(?s)weights.pth.*{message}'):
        _init(_encoder(path))
    assert not (tmp_path / 'ran').exists()


def test_what_torch_hub_has_downloaded_is_not_unpickled(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """torch.hub itself would load it with weights_only=False."""
    (tmp_path / 'checkpoints').mkdir()
    _with_code(tmp_path / 'checkpoints' / 'x.pth')
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path))
    with pytest.raises(ValueError, match='refused'):
        _init(_encoder('https://example.org/x.pth'))
    assert not (tmp_path / 'checkpoints' / 'ran').exists()


def test_missing_file_and_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        _init(_encoder(tmp_path / 'nowhere.pth'))
    with pytest.raises(ValueError, match='torchvision://resnet17'):
        _init(_encoder('torchvision://resnet17'))
