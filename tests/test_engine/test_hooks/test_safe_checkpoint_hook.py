"""Checkpoints hold plain data and fit the model that loads them."""
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from fnac_mm.engine import SafeCheckpointHook
from fnac_mm.engine.hooks.safe_checkpoint_hook import misfits, to_plain


def _runner() -> SimpleNamespace:
    return SimpleNamespace(model=nn.Linear(3, 2), _load_from='x.pth')


def _checkpoint() -> dict:
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    return dict(
        state_dict=nn.Linear(3, 2).state_dict(),
        meta=dict(seed=np.int64(3), epoch=1, score=np.float64(0.5)),
        message_hub=dict(
            log_scalars=OrderedDict(loss=buffer),
            runtime_info=OrderedDict(
                best_score=np.float64(41.5), hist=np.arange(3)),
            resumed_keys=OrderedDict(loss=True)),
        optimizer=dict(state={0: dict(step=torch.tensor(1.))}))


def test_without_the_hook_torch_refuses(tmp_path) -> None:
    torch.save(_checkpoint(), tmp_path / 'a.pth')
    with pytest.raises(Exception, match='[Ww]eights'):
        torch.load(tmp_path / 'a.pth')


def test_what_is_saved_has_no_unsafe_global(tmp_path) -> None:
    checkpoint = _checkpoint()
    SafeCheckpointHook().before_save_checkpoint(_runner(), checkpoint)
    path = tmp_path / 'a.pth'
    torch.save(checkpoint, path)
    unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    assert unsafe == []
    loaded = torch.load(path, weights_only=True)
    assert loaded['meta'] == dict(seed=3, epoch=1, score=0.5)
    info = loaded['message_hub']['runtime_info']
    assert info['best_score'] == 41.5 and info['hist'] == [0, 1, 2]


def test_the_running_buffers_survive_saving() -> None:
    checkpoint = _checkpoint()
    scalars = checkpoint['message_hub']['log_scalars']
    SafeCheckpointHook().before_save_checkpoint(_runner(), checkpoint)
    assert list(scalars) == ['loss']


def test_to_plain_keeps_tensors_and_tuples() -> None:
    tensor = torch.ones(2)
    plain = to_plain(dict(a=(np.float32(1), tensor), b=[np.bool_(True)]))
    assert plain['a'][1] is tensor
    assert type(plain['a'][0]) is float and plain['b'] == [True]


@pytest.mark.parametrize('change, message', [
    (lambda s: s.pop('bias'), 'missing: bias'),
    (lambda s: s.update(extra=torch.ones(1)), 'unexpected: extra'),
    (lambda s: s.update(weight=torch.ones(2, 4)), r'shape of weight: \(2, 4'),
])
def test_a_checkpoint_that_does_not_fit_is_listed(change, message) -> None:
    state = nn.Linear(3, 2).state_dict()
    change(state)
    with pytest.raises(ValueError, match='x.pth.*does not fit') as error:
        SafeCheckpointHook().after_load_checkpoint(_runner(),
                                                   dict(state_dict=state))
    assert error.match(message)
    SafeCheckpointHook(strict=False).after_load_checkpoint(
        _runner(), dict(state_dict=state))


def test_parallel_prefix_fits_and_published_files_are_explained() -> None:
    state = {f'module.{k}': v for k, v in nn.Linear(3, 2).state_dict().items()}
    SafeCheckpointHook().after_load_checkpoint(_runner(),
                                               dict(state_dict=state))
    with pytest.raises(ValueError, match='convert_official'):
        SafeCheckpointHook().after_load_checkpoint(_runner(),
                                                   dict(model=state))


def test_misfits_of_equal_dicts_is_empty() -> None:
    state = nn.Linear(3, 2).state_dict()
    assert misfits(state, dict(state)) == []
