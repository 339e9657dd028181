"""The FNAC objective: published numbers, properties, options."""
from collections import Counter
from pathlib import Path
from typing import Dict

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from fnac_mm.functional import fnac_losses, foreground_mask, localization_map
from fnac_mm.functional import losses as losses_module
from fnac_mm.functional import pairwise_max_similarity

NAMES = ('contrastive', 'fns_audio', 'tne', 'fns_visual')


def features(batch: int = 6, seed: int = 0) -> tuple:
    """Unit features (B,5,3,3), (B,5) in float64."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        F.normalize(
            torch.randn(
                batch, 5, *rest, generator=generator, dtype=torch.float64),
            dim=1) for rest in ((3, 3), ()))


def weighted(losses: Dict[str, Tensor]) -> Tensor:
    """A total in which each term has its own weight."""
    return sum((1 + 10 * k) * losses[name] for k, name in enumerate(NAMES))


def relative(ours: Tensor, golden: np.ndarray) -> float:
    return np.abs(ours.detach().numpy() - golden).max() / np.abs(golden).max()


@pytest.mark.parametrize('case', range(4))
def test_golden(shared: Path, case: int) -> None:
    golden = np.load(shared / 'golden' / 'loss.npz')
    raw = [
        torch.from_numpy(golden[f'case{case}_{name}']).requires_grad_()
        for name in ('visual', 'audio')
    ]
    tau = float(golden[f'case{case}_tau'])
    visual, audio = (F.normalize(x, dim=1) for x in raw)
    losses = fnac_losses(visual, audio, tau)
    for name, value in zip(NAMES, golden[f'case{case}_losses']):
        assert losses[name].item() == pytest.approx(value, rel=1e-9, abs=0)
    total = losses['contrastive'] + 100 * sum(losses[n] for n in NAMES[1:])
    assert total.item() == pytest.approx(
        float(golden[f'case{case}_total_w100']), rel=1e-9)
    total.backward()
    assert relative(raw[0].grad, golden[f'case{case}_grad_visual']) <= 1e-9
    assert relative(raw[1].grad, golden[f'case{case}_grad_audio']) <= 1e-9
    maps = localization_map(visual, audio) / tau
    assert relative(maps, golden[f'case{case}_map']) <= 1e-9


@pytest.mark.parametrize('tau, expected', [
    (0.03, (7.16143901, 0.30651354, 0.15366230, 0.30375363)),
    (0.5, (2.18511538, 0.35873689, 0.26171831, 0.20195382)),
])
def test_published_toy(tau: float, expected: tuple) -> None:
    visual = torch.sin(1 + 0.7 * torch.arange(48.).double()).view(3, 4, 2, 2)
    audio = torch.cos(0.3 + 1.1 * torch.arange(12.).double()).view(3, 4)
    visual, audio = F.normalize(visual, dim=1), F.normalize(audio, dim=1)
    losses = fnac_losses(visual, audio, tau)
    assert tuple(losses) == ('contrastive', 'fns_audio', 'tne', 'fns_visual')
    for name, value in zip(NAMES, expected):
        assert losses[name].item() == pytest.approx(value, abs=5e-9)
    mask = foreground_mask(visual, audio, tau)
    assert mask.sum(dim=(1, 2)).tolist() == [3, 2, 2]


def test_foreground_has_no_gradient_and_keeps_the_type() -> None:
    visual, audio = (x.float().requires_grad_() for x in features())
    mask = foreground_mask(visual, audio)
    assert mask.dtype == torch.float32 and not mask.requires_grad
    assert set(mask.unique().tolist()) == {0, 1}
    # The largest value is always above, the smallest below the threshold.
    own = localization_map(visual, audio).detach().flatten(1)
    assert (mask.flatten(1).gather(1, own.argmax(1, True)) == 1).all()
    assert (mask.flatten(1).gather(1, own.argmin(1, True)) == 0).all()
    assert foreground_mask(visual, audio, threshold=-1).all()


@pytest.mark.parametrize('batch', [2, 5, 16])
@pytest.mark.parametrize('tau', [0.001, 0.03, 10.0])
def test_bounds(batch: int, tau: float) -> None:
    losses = fnac_losses(*features(batch), tau)
    for name in NAMES[1:]:
        assert 0 <= losses[name] <= 2 / batch
    assert losses['contrastive'] > 0


def test_one_pair_has_nothing_to_contrast() -> None:
    losses = fnac_losses(*features(1))
    assert all(losses[name] == 0 for name in NAMES)


def test_equal_features_are_a_uniform_guess() -> None:
    visual, audio = features(1)
    losses = fnac_losses(visual.expand(8, -1, -1, -1), audio.expand(8, -1))
    assert losses['contrastive'].item() == pytest.approx(2 * np.log(8))
    assert all(losses[name].abs() < 1e-15 for name in NAMES[1:])


def test_order_of_the_batch_is_irrelevant() -> None:
    visual, audio = features(7)
    order = torch.randperm(7)
    before = fnac_losses(visual, audio)
    after = fnac_losses(visual[order], audio[order])
    for name in NAMES:
        torch.testing.assert_close(after[name], before[name])
    # While wrong pairs cost.
    wrong = fnac_losses(audio[:, :, None, None], audio.roll(1, 0))
    right = fnac_losses(audio[:, :, None, None], audio)
    assert wrong['contrastive'] > right['contrastive'] + 1


def test_gradcheck() -> None:
    visual, audio = (x.requires_grad_() for x in features(3))
    assert torch.autograd.gradcheck(
        lambda v, a: weighted(fnac_losses(v, a, 0.5)), (visual, audio))


@pytest.mark.parametrize('processes', [2, 3])
@pytest.mark.parametrize('options',
                         [{}, dict(normalize=True, detach_targets=True)])
def test_mean_over_processes_is_the_loss_of_the_whole(processes: int,
                                                      options: dict) -> None:
    """Each part gathers, by hand, what the others would send."""
    whole = [x.clone().requires_grad_() for x in features(6)]
    losses = fnac_losses(*whole, **options)
    weighted(losses).backward()

    visual, audio = (x.clone().requires_grad_() for x in features(6))
    rows = 6 // processes
    logits = pairwise_max_similarity(visual, audio) / 0.03
    # The columns' sums over the rows of each process.
    sums = torch.stack([part.logsumexp(0) for part in logits.split(rows)])
    mask = foreground_mask(visual, audio)
    # What each call of gather must return, told by its input.
    both = torch.stack([visual * mask[:, None], visual], dim=1)
    means = both.mean(dim=(3, 4))
    everything = [audio, F.normalize(means, dim=2) if options else means]

    averages = dict.fromkeys(NAMES, 0)
    for rank in range(processes):
        mine = slice(rank * rows, (rank + 1) * rows)

        def gather(part: Tensor, rank=rank, mine: slice = mine) -> Tensor:
            if len(part) == 1:
                torch.testing.assert_close(part[0], sums[rank])
                return sums
            for full in everything:
                if full.shape[1:] == part.shape[1:] and torch.allclose(
                        full[mine], part):
                    return full
            raise AssertionError('rows of another kind were gathered')

        parts = fnac_losses(
            visual[mine],
            audio[mine],
            gather=gather,
            row_offset=rank * rows,
            **options)
        for name in NAMES:
            averages[name] = averages[name] + parts[name] / processes
    weighted(averages).backward()
    for name in NAMES:
        torch.testing.assert_close(
            averages[name], losses[name], rtol=1e-10, atol=0)
    torch.testing.assert_close(visual.grad, whole[0].grad, rtol=1e-9, atol=0)
    torch.testing.assert_close(audio.grad, whole[1].grad, rtol=1e-9, atol=0)


@pytest.mark.parametrize('detach', [False, True])
@pytest.mark.parametrize('rows', [2, 8])
def test_pieces_are_the_whole_matrices(detach: bool, rows: int,
                                       monkeypatch) -> None:
    """Three rows of six, from the third on; in two pieces and in one."""
    monkeypatch.setattr(losses_module, '_CELLS', 1)
    monkeypatch.setattr(losses_module, '_ROWS', rows)
    generator = torch.Generator().manual_seed(0)
    maxima, audio, means, all_audio, all_means = leaves = [
        torch.randn(shape, generator=generator,
                    dtype=torch.float64).requires_grad_()
        for shape in ((3, 6), (3, 4), (3, 2, 4), (6, 4), (6, 2, 4))
    ]
    logits = maxima / 0.3
    matching, sound, front, pooled = (
        F.softmax(x, dim=1)
        for x in (logits, audio @ all_audio.T / 0.3,
                  *(means[:, k] @ all_means[:, k].T / 0.3 for k in range(2))))
    if detach:
        sound, pooled = sound.detach(), pooled.detach()
    distances = torch.stack([(sound - matching).abs().sum(),
                             (sound - front).abs().sum(),
                             (pooled - matching).abs().sum()])
    expected = (distances, logits.logsumexp(1), logits.logsumexp(0),
                logits[torch.arange(3), torch.arange(3) + 2])
    found = losses_module.pair_terms(*leaves, 0.3, detach, row_offset=2)
    for ours, dense in zip(found, expected):
        torch.testing.assert_close(ours, dense, rtol=1e-12, atol=1e-12)
    totals = [
        sum((torch.arange(1.,
                          len(v) + 1).add(k) * v).sum()
            for k, v in enumerate(values)) for values in (found, expected)
    ]
    for ours, dense in zip(
            *(torch.autograd.grad(total, leaves, materialize_grads=True)
              for total in totals)):
        torch.testing.assert_close(ours, dense, rtol=1e-12, atol=1e-12)


class _Operators(TorchDispatchMode):
    """What is computed, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.names: Counter = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names[func.__name__.split('.')[0]] += 1
        return func(*args, **kwargs or {})


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_a_device_gets_few_operations_and_is_not_waited_for(dtype) -> None:
    """On the meta device, which takes the way of every one but the host."""
    visual = torch.empty(1024, 512, 7, 7, dtype=dtype, device='meta')
    audio = torch.empty(1024, 512, dtype=dtype, device='meta')
    pair = [x.requires_grad_() for x in (visual, audio)]
    with _Operators() as forward:
        total = weighted(fnac_losses(*pair))
    with _Operators() as backward:
        total.backward()
    assert pair[0].grad.shape == visual.shape
    assert forward.names.total() <= 150 and backward.names.total() <= 300
    waiting = {
        'bincount', 'nonzero', '_local_scalar_dense', 'item', 'unique',
        'masked_select', 'is_nonzero', 'equal'
    }
    assert not waiting & {*forward.names, *backward.names}


@pytest.mark.parametrize('scale, name', [((10, 1), 'visual'),
                                         ((1, 0.9), 'audio')])
def test_refuses_features_of_another_length(scale: tuple, name: str) -> None:
    pair = [x * s for x, s in zip(features(), scale)]
    with pytest.raises(ValueError, match=f'{name} must be of unit length'):
        fnac_losses(*pair)
    # NaN is not hidden either.
    pair = features()
    pair[name == 'audio'][2] = float('nan')
    assert fnac_losses(*pair)['contrastive'].isnan()
    # Not those of a silent network, nor those of half precision.
    fnac_losses(torch.zeros(4, 5, 3, 3), torch.zeros(4, 5))
    for dtype in (torch.bfloat16, torch.float16):
        fnac_losses(*(x.to(dtype) for x in features()))


def test_detached_targets_only_guide() -> None:
    """With the matching fixed, nothing pulls at A and V any more."""
    visual, audio = (x.requires_grad_() for x in features())
    values = fnac_losses(visual, audio, detach_targets=True)
    published = fnac_losses(visual, audio)
    for name in NAMES:
        torch.testing.assert_close(values[name], published[name])
    # M and A without A's own gradient, written out.
    adjacency = F.softmax(audio @ audio.T / 0.03, dim=1).detach()
    matching = F.softmax(pairwise_max_similarity(visual, audio) / 0.03, dim=1)
    expected = torch.autograd.grad((adjacency - matching).abs().mean(), audio)
    actual = torch.autograd.grad(values['fns_audio'], audio, retain_graph=True)
    torch.testing.assert_close(actual, expected)
    foreground = torch.autograd.grad(
        values['tne'], audio, allow_unused=True)[0]
    assert foreground is None or not foreground.any()


def test_normalize_is_what_it_says() -> None:
    visual, audio = features()
    ours = fnac_losses(visual, audio, normalize=True)
    pooled = F.normalize(visual.mean(dim=(2, 3)), dim=1)
    matching = F.softmax(pairwise_max_similarity(visual, audio) / 0.03, dim=1)
    expected = (F.softmax(pooled @ pooled.T / 0.03, dim=1) -
                matching).abs().mean()
    torch.testing.assert_close(ours['fns_visual'], expected)
    published = fnac_losses(visual, audio)
    assert ours['tne'] != published['tne']
    for name in ('contrastive', 'fns_audio'):
        assert ours[name] == published[name]


@pytest.mark.parametrize('temperature', [0, -0.03])
def test_refuses_temperature(temperature: float) -> None:
    with pytest.raises(ValueError, match='temperature must be positive'):
        fnac_losses(*features(), temperature)


@pytest.mark.parametrize('visual, audio', [((4, 5, 3), (4, 5)),
                                           ((4, 5, 3, 3), (3, 5)),
                                           ((4, 5, 3, 3), (4, 6))])
def test_refuses_shapes(visual: tuple, audio: tuple) -> None:
    with pytest.raises(ValueError, match='expected visual'):
        fnac_losses(torch.zeros(visual), torch.zeros(audio))
