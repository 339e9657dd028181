"""Gradient caching: the plain step's gradients, a few rows at a time."""
import copy
from contextlib import nullcontext
from typing import ContextManager, Dict, List, Optional

import pytest
import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from fnac_mm.models import DualEncoderLocalizer
from fnac_mm.models.localizers.micro_batch import encode_in_parts
from tests.ddp_helpers import run_distributed
from .resnets import small_localizer

ROWS = 7


def _model(size: Optional[int]) -> DualEncoderLocalizer:
    return small_localizer(
        image_dropout=0.5, audio_dropout=0.3, micro_batch_size=size)


def _fix_statistics(model: nn.Module) -> None:
    """BatchNorm as in evaluation; all else, dropout too, in training."""
    for module in model.train().modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _inputs(rows: int = ROWS) -> Dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return dict(
        image=torch.randn(rows, 3, 48, 48, generator=generator),
        audio=torch.randn(rows, 1, 33, 40, generator=generator))


def _gradients(model: DualEncoderLocalizer,
               context: Optional[ContextManager] = None) -> List[Tensor]:
    torch.manual_seed(2)
    with context or nullcontext():
        losses = model(_inputs(), mode='loss')
    sum(losses.values()).backward()
    return [p.grad for p in model.parameters()]


def _relative(found: List[Tensor], expected: List[Tensor]) -> float:
    return max(
        float((a - b).abs().max() / b.abs().max())
        for a, b in zip(found, expected))


@pytest.mark.parametrize('size', [1, 3, 7, 50])
def test_gradients_are_the_plain_step_s(size: int) -> None:
    """Dropout on: it draws for the whole batch, as the plain step does."""
    found = []
    for rows in (None, size):
        model = _model(rows)
        _fix_statistics(model)
        found.append(_gradients(model))
    assert _relative(found[1], found[0]) <= 1e-5


def test_gradients_under_autocast() -> None:
    found = []
    for rows in (None, 3):
        model = _model(rows)
        _fix_statistics(model)
        found.append(
            _gradients(model, torch.autocast('cpu', dtype=torch.bfloat16)))
    # bfloat16 has 8 bits; parts are summed in another order.
    flat = [torch.cat([g.flatten() for g in grads]) for grads in found]
    assert (flat[1] - flat[0]).norm() <= 0.02 * flat[0].norm()


def test_encoders_see_few_rows_and_the_loss_all() -> None:
    model = _model(3)
    seen: list = []
    model.image_encoder.register_forward_pre_hook(
        lambda module, args: seen.append(len(args[0])))
    losses = model(_inputs(), mode='loss')
    assert seen == [3, 3, 1]
    sum(losses.values()).backward()
    assert seen == [3, 3, 1, 1, 3, 3]
    with torch.no_grad():
        model.eval()(_inputs(), mode='predict')
    assert seen[6:] == [7]


def test_draws_inside_an_encoder_are_repeated() -> None:
    """Against autograd through the same parts, drawn in the same order."""
    torch.manual_seed(0)
    encoder = nn.Sequential(
        nn.Linear(6, 9), nn.Dropout(0.5), nn.Tanh(), nn.Linear(9, 4))
    rows, weights = torch.randn(5, 6), torch.randn(5, 4)
    found = []
    for parts in (False, True):
        encoder.zero_grad()
        torch.manual_seed(3)
        features = encode_in_parts(encoder, encoder, rows, 2) if parts \
            else torch.cat([encoder(x) for x in rows.split(2)])
        after = torch.rand(1)
        (features.sigmoid() * weights).sum().backward()
        found.append((after, [p.grad.clone() for p in encoder.parameters()]))
    assert found[0][0] == found[1][0]
    torch.testing.assert_close(found[1][1], found[0][1])


def test_running_statistics_are_updated_once() -> None:
    """Part by part, and not again by the second pass."""
    model = _model(3)
    expected = copy.deepcopy(model)
    with torch.no_grad():
        for part in _inputs()['image'].split(3):
            expected.image_encoder(part)
    _gradients(model)
    wanted = expected.image_encoder.state_dict()
    for name, value in model.image_encoder.state_dict().items():
        if 'running' in name or 'tracked' in name:
            torch.testing.assert_close(value, wanted[name])
    assert int(model.image_encoder.bn1.num_batches_tracked) == 3


def _train(size: Optional[int], rank: int = 0, world: int = 1) -> list:
    """Parameters after two batches, their gradients added up."""
    model = _model(size)
    model.image_dropout.p = model.audio_dropout.p = 0
    model.data_preprocessor = nn.Identity()
    model.data_preprocessor.forward = lambda data, training: data
    _fix_statistics(model)
    wrapped = MMDistributedDataParallel(
        model, device_ids=None) if world > 1 else model
    optimizer = OptimWrapper(
        torch.optim.SGD(model.parameters(), lr=0.1), accumulative_counts=2)
    batches = {k: v.chunk(2) for k, v in _inputs(16).items()}
    for i in range(2):
        inputs = {k: v[i].chunk(world)[rank] for k, v in batches.items()}
        log = wrapped.train_step(
            dict(inputs=inputs, data_samples=None), optimizer)
        assert {'loss', 'loss_contrastive', 'loss_tne'} <= set(log)
    return [p.detach().numpy() for p in model.parameters()]


def _rank_train() -> list:
    return _train(3, dist.get_rank(), dist.get_world_size())


@pytest.mark.ddp
def test_a_step_through_the_wrappers() -> None:
    """Accumulation; two processes with parts of 3 and 1 are one process."""
    plain = [torch.from_numpy(p) for p in _train(None)]
    start = [p.detach() for p in _model(None).parameters()]
    moved = [a - b for a, b in zip(plain, start)]
    for result in (_train(3), *run_distributed(_rank_train, 2)):
        step = [torch.from_numpy(p) - b for p, b in zip(result, start)]
        assert _relative(step, moved) <= 1e-4


def test_a_part_needs_a_sample() -> None:
    with pytest.raises(ValueError, match='micro_batch_size.*0'):
        _model(0)
