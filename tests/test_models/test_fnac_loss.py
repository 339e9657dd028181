"""The loss module: weights, switches, precision, processes."""
from typing import Dict, List, Sequence, Tuple

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from fnac_mm.functional import fnac_losses
from fnac_mm.models import FNACLoss
from tests.ddp_helpers import run_distributed

NAMES = ['loss_contrastive', 'loss_fns_audio', 'loss_tne', 'loss_fns_visual']


def _features(size: int = 6, dtype=torch.float64) -> Tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(size)
    visual = torch.randn(size, 8, 3, 4, generator=generator, dtype=dtype)
    audio = torch.randn(size, 8, generator=generator, dtype=dtype)
    return F.normalize(visual, dim=1), F.normalize(audio, dim=1)


def test_weights_scale_their_own_terms() -> None:
    visual, audio = _features()
    weights = dict(
        contrastive_weight=0.5,
        fns_audio_weight=2,
        tne_weight=3,
        fns_visual_weight=4)
    losses = FNACLoss(**weights)(visual, audio)
    plain = fnac_losses(visual, audio)
    for key, weight in weights.items():
        term = key.removesuffix('_weight')
        expected = weight * plain[term]
        torch.testing.assert_close(losses[f'loss_{term}'], expected)


def test_warm_up_logs_no_number_that_does_not_count() -> None:
    visual, audio = _features()
    loss = FNACLoss()
    full = loss(visual, audio)
    loss.set_auxiliary(False)
    warm = loss(visual, audio)
    assert list(warm) == ['loss_contrastive']
    assert torch.equal(warm['loss_contrastive'], full['loss_contrastive'])
    loss.set_auxiliary(True)
    assert list(loss(visual, audio)) == NAMES


@pytest.mark.parametrize('size', [4, 16])
def test_reference_batch_size_keeps_the_strength(size: int) -> None:
    """Equal sounds, pictures that differ: a term at its largest.

    The matching is uniform then, the pictures' adjacency one-hot, which
    makes their mean difference 2 (B - 1) / B^2.
    """
    eye = torch.eye(size, dtype=torch.float64)
    visual, audio = eye[:, :, None, None], eye[:1].expand(size, size)
    term = FNACLoss(reference_batch_size=256)(visual, audio)['loss_fns_visual']
    factor = 100 * size / 256
    assert term.item() == pytest.approx(factor * 2 * (size - 1) / size**2)
    # just below what the published weight can do at the published batch
    assert 0.7 * 200 / 256 < term < 200 / 256


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    visual, audio = (x.to(dtype) for x in _features())
    expected = FNACLoss()(visual.float(), audio.float())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = FNACLoss()(visual, audio)
    for name in NAMES:
        assert losses[name].dtype == torch.float32
        assert torch.equal(losses[name], expected[name])


@pytest.mark.parametrize('options', [
    dict(temperature=0),
    dict(temperature=-1),
    dict(reference_batch_size=0),
])
def test_bad_arguments_are_named(options: dict) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(ValueError, match=f'{name} .*{value}'):
        FNACLoss(**options)


class _Towers(nn.Module):
    """Two linear maps, so that parameters, not inputs, get gradient."""

    def __init__(self, **options) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.visual, self.audio = (
            nn.Parameter(
                torch.randn(8, 8, generator=generator, dtype=torch.float64))
            for _ in range(2))
        self.loss = FNACLoss(**options)

    def forward(self, visual: Tensor, audio: Tensor) -> Dict[str, Tensor]:
        visual = torch.einsum('bchw,cd->bdhw', visual, self.visual)
        return self.loss(
            F.normalize(visual, dim=1), F.normalize(audio @ self.audio, dim=1))


def _step(model: nn.Module, *features: Tensor) -> Tuple[Dict, Dict]:
    losses = model(*features)
    sum(losses.values()).backward()
    return ({
        k: v.item()
        for k, v in losses.items()
    }, {
        k.removeprefix('module.'): v.grad.numpy()
        for k, v in model.named_parameters()
    })


def _rank_step(options: dict, size: int) -> Tuple[Dict, Dict]:
    rank, world = dist.get_rank(), dist.get_world_size()
    rows = slice(rank * size // world, (rank + 1) * size // world)
    model = nn.parallel.DistributedDataParallel(_Towers(**options))
    return _step(model, *(x[rows] for x in _features(size)))


CASES: List[dict] = [
    dict(),
    dict(reference_batch_size=256, normalize=True, detach_targets=True),
    dict(gather=False),
]


def _rank_cases(size: int) -> list:
    """Every case in one group: starting processes is what takes time."""
    return [_rank_step(case, size) for case in CASES]


@pytest.fixture(scope='module')
def two_processes() -> List[list]:
    """What each of two ranks returned for each case."""
    return run_distributed(_rank_cases, 2, 6)


def _worst(results: Sequence[tuple], expected: tuple) -> float:
    """Largest relative difference of losses and gradients."""
    worst = 0.0
    for found in results:
        for mine, theirs in zip(found, expected):
            assert mine.keys() == theirs.keys()
            for name, value in theirs.items():
                difference = np.abs(mine[name] - value).max()
                worst = max(worst, difference / np.abs(value).max())
    return worst


@pytest.mark.ddp
@pytest.mark.parametrize('case', [0, 1])
def test_two_processes_are_one(two_processes: List[list], case: int) -> None:
    expected = _step(_Towers(**CASES[case]), *_features(6))
    assert _worst([rank[case] for rank in two_processes], expected) < 1e-12


@pytest.mark.ddp
def test_without_gather_each_process_contrasts_by_itself(
        two_processes: List[list]) -> None:
    """The published behaviour: the mean of the halves' losses."""
    first, second = (
        _step(_Towers(), *(x[rows] for x in _features(6)))
        for rows in (slice(0, 3), slice(3, 6)))
    expected = tuple({key: (one[key] + two[key]) / 2
                      for key in one} for one, two in zip(first, second))
    assert _worst([rank[2] for rank in two_processes], expected) < 1e-12
