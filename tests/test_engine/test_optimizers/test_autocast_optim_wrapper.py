"""Training in bfloat16, on whatever device there is."""
import pytest
import torch
from mmengine.device import get_device
from torch import nn

from fnac_mm.registry import OPTIM_WRAPPERS
from tests.test_models.resnets import small_localizer


def _step(wrapper: str) -> tuple:
    """Loss of one step and how far it moved the weights."""
    model = small_localizer().to(get_device())
    before = nn.utils.parameters_to_vector(model.parameters()).clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batch = dict(
        inputs=dict(
            image=torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8),
            waveform=torch.rand(4, 8000) - 0.5))
    wrapped = OPTIM_WRAPPERS.build(dict(type=wrapper, optimizer=optimizer))
    log = model.train_step(batch, wrapped)
    moved = nn.utils.parameters_to_vector(model.parameters()) - before
    return log['loss'].detach(), moved.detach(), wrapped.state_dict()


def test_one_step_is_close_to_float32() -> None:
    loss, moved, state = _step('fnac_mm.AutocastOptimWrapper')
    plain_loss, plain_moved, plain_state = _step('OptimWrapper')
    assert loss.dtype == torch.float32 and loss != plain_loss
    assert loss.item() == pytest.approx(plain_loss.item(), rel=0.05)
    cosine = torch.cosine_similarity(moved, plain_moved, dim=0)
    assert cosine > 0.9
    assert state.keys() == plain_state.keys()
