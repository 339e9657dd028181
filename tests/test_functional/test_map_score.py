"""score_maps: to the last digit what the single steps and NumPy find."""
from typing import Dict, List
from unittest import mock

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter
from torch import Tensor

from fnac_mm.functional import (PROTOCOLS, Protocol, TargetLevels,
                                boxes_to_levels, boxes_to_target,
                                consensus_iou, map_score, score_maps)
from fnac_mm.functional.map_pieces import map_pieces
from ..test_evaluation.samples import PublishedEvaluator

COUNT = 12
MAKERS = dict(
    random=lambda rng, shape: rng.uniform(-1, 1, shape),
    ties=lambda rng, shape: rng.uniform(-1, 1, shape).round(),
    steps=lambda rng, shape: rng.uniform(-1, 1, shape).round(1),
    offset=lambda rng, shape: 50 + rng.uniform(-1, 1, shape),
    subnormal=lambda rng, shape: 1e-41 * rng.uniform(-1, 1, shape),
    constant=lambda rng, shape: np.ones(shape),
    nearly_constant=lambda rng, shape: 1 + 1e-6 * rng.uniform(-1, 1, shape))
PIXEL = [[0.5, 0.5, 0.505, 0.505]]
EVERYTHING = [[0., 0., 1., 1.]]


def make_maps(kind: str, *shape: int) -> List[Tensor]:
    """Audio-visual and object maps."""
    rng = np.random.default_rng(list(kind.encode()))
    return [
        torch.from_numpy(MAKERS[kind](rng, (COUNT, *shape)).astype(np.float32))
        for _ in range(2)
    ]


def make_boxes() -> List[list]:
    """One to three boxes each; a pixel, everything, nothing."""
    rng = np.random.default_rng(1)
    boxes: List[list] = [PIXEL, EVERYTHING, []]
    while len(boxes) < COUNT:
        corner = rng.uniform(0, 0.6, (rng.integers(1, 4), 2))
        size = rng.uniform(0.1, 0.9, corner.shape)
        boxes.append(np.hstack([corner, corner + size]).clip(0, 1).tolist())
    return boxes


def step_by_step(protocol: Protocol, maps: List[Tensor],
                 target: Tensor) -> Dict[str, List[float]]:
    """Whole maps, one function after another."""
    return {
        kind:
        consensus_iou(large, target, protocol.area, protocol.compare,
                      protocol.threshold).tolist()
        for kind, large in protocol.maps(*maps).items()
    }


def scored(protocol: Protocol, maps: List[Tensor],
           targets: List[TargetLevels]) -> Dict[str, List[float]]:
    """By the function under test."""
    found = score_maps(protocol, maps[0], maps[1] if len(maps) == 2 else None,
                       targets)
    return {kind: cious.tolist() for kind, cious in found.items()}


def unit_range(map: np.ndarray) -> np.ndarray:
    """As published: a constant map stays."""
    low, high = map.min(), map.max()
    return (map - low) / (high - low) if high != low else map


@pytest.mark.parametrize('kind', list(MAKERS))
@pytest.mark.parametrize('name', ['fnac_test', 'lvs', 'sslalign'])
@pytest.mark.parametrize('rule', [
    dict(combine='union'),
    dict(combine='consensus', consensus=2),
])
def test_same_as_step_by_step(kind: str, name: str, rule: dict) -> None:
    boxes, maps = make_boxes(), make_maps(kind, 7, 7)
    targets = torch.stack([boxes_to_target(b, **rule) for b in boxes])
    levels = [boxes_to_levels(b, **rule) for b in boxes]
    protocol = PROTOCOLS[name]
    assert scored(protocol, maps,
                  levels) == step_by_step(protocol, maps, targets)


@pytest.mark.parametrize(
    'protocol', [
        *PROTOCOLS.values(),
        Protocol('quarter', area=0.75),
        Protocol('nearly all', area=0.001),
        Protocol('own size', size=64, alpha=1.),
        Protocol('odd size', size=50),
        Protocol('half size', size=112, alpha=1.),
    ],
    ids=lambda protocol: protocol.name)
def test_every_protocol(protocol: Protocol) -> None:
    for rule in (dict(), dict(combine='consensus', consensus=3)):
        levels = [
            boxes_to_levels(b, protocol.size, **rule) for b in make_boxes()
        ]
        targets = torch.stack(
            [boxes_to_target(b, protocol.size, **rule) for b in make_boxes()])
        for maps in (make_maps('random', 5, 9), make_maps('steps', 14, 14)):
            assert scored(protocol, maps,
                          levels) == step_by_step(protocol, maps, targets)
            assert scored(protocol, maps[:1],
                          levels) == step_by_step(protocol, maps[:1], targets)


def test_same_as_published() -> None:
    """NumPy, map by map; nothing is enlarged."""
    maps = make_maps('random', 7, 7)
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    protocol = PROTOCOLS['fnac_test']
    with mock.patch.object(
            map_score, '_dense_cious', side_effect=AssertionError):
        found = scored(protocol, maps, levels)
    for kind, large in protocol.maps(*maps).items():
        published = PublishedEvaluator()
        for map, boxes in zip(large, make_boxes()):
            published.add(map.numpy(), boxes_to_target(boxes).double().numpy())
        assert found[kind] == published.cious


@pytest.mark.parametrize('kind', list(MAKERS))
def test_bicubic_pass_of_the_published_script(kind: str) -> None:
    """By torch's interpolation and NumPy, map by map."""
    maps = make_maps(kind, 7, 7)
    found = scored(PROTOCOLS['fnac_test_bicubic'], maps,
                   [boxes_to_levels(boxes) for boxes in make_boxes()])
    published = {kind: PublishedEvaluator() for kind in found}
    enlarged = [
        F.interpolate(maps[0][:, None], 224, mode='bicubic'),
        F.interpolate(
            maps[1][:, None], 224, mode='bilinear', align_corners=True)
    ]
    for own, other, boxes in zip(*(x[:, 0].numpy() for x in enlarged),
                                 make_boxes()):
        target = boxes_to_target(boxes).double().numpy()
        own, other = unit_range(own), unit_range(other)
        fused = unit_range(own * 0.4 + other * (1 - 0.4))
        for evaluator, large in zip(published.values(), (own, other, fused)):
            evaluator.add(large, target)
    assert found == {k: x.cious for k, x in published.items()}


@pytest.mark.parametrize('shape', [(7, 7), (14, 14), (3, 20), (32, 2)])
@pytest.mark.parametrize('smooth', [False, True])
def test_many_maps(shape: tuple, smooth: bool) -> None:
    """More than one block, and hardly one that must be enlarged."""
    rng = np.random.default_rng(3)
    maps = rng.uniform(-1, 1, (2, 5 * COUNT, *shape)).astype(np.float32)
    if smooth:
        maps = gaussian_filter(maps, (0, 0, 1, 1))
    boxes = 5 * make_boxes()
    levels = [boxes_to_levels(b) for b in boxes]
    targets = torch.stack([boxes_to_target(b) for b in boxes])
    protocol = PROTOCOLS['fnac_test']
    given = [torch.from_numpy(part) for part in maps]
    with mock.patch.object(
            map_score, '_dense_cious', wraps=map_score._dense_cious) as dense:
        found = scored(protocol, given, levels)
    assert found == step_by_step(protocol, given, targets)
    left = [len(call.args[2]) for call in dense.call_args_list]
    assert sum(left) < COUNT / 2


@pytest.mark.parametrize('name', ['fnac_test', 'lvs', 'sslalign'])
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_plateaus(name: str, dtype: torch.dtype) -> None:
    """Flat in the midst, where a line may lie at the threshold itself."""
    rng = np.random.default_rng(5)
    maps = torch.zeros(COUNT, 7, 7)
    maps[:, 3, 3], maps[:, 0, 0] = 1, -0.5
    maps[3:, 2:6] = torch.from_numpy(rng.uniform(-0.4, 0.9, (COUNT - 3, 1, 7)))
    maps[6:] += 0.1 * torch.from_numpy(rng.uniform(-1, 1, (COUNT - 6, 7, 7)))
    maps = maps.to(dtype).float()
    boxes = make_boxes()
    levels = [boxes_to_levels(b) for b in boxes]
    targets = torch.stack([boxes_to_target(b) for b in boxes])
    for given in ([maps], [maps, maps.flip(2)]):
        assert scored(PROTOCOLS[name], given,
                      levels) == step_by_step(PROTOCOLS[name], given, targets)


@pytest.mark.parametrize('shape', [(4, 4), (7, 7), (28, 28), (2, 2)])
@pytest.mark.parametrize('size', [4, 7, 96, 128])
@pytest.mark.parametrize('area', [0.01, 0.5, 0.99])
def test_few_pixels(shape: tuple, size: int, area: float) -> None:
    protocol = Protocol('few', size=size, area=area)
    maps = make_maps('random', *shape)
    levels = [boxes_to_levels(b, size) for b in make_boxes()]
    targets = torch.stack([boxes_to_target(b, size) for b in make_boxes()])
    assert scored(protocol, maps,
                  levels) == step_by_step(protocol, maps, targets)


def test_pictures_too_large_to_count_in_float32() -> None:
    maps = make_maps('random', 7, 7)
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    protocol = PROTOCOLS['fnac_test']
    expected = scored(protocol, maps, levels)
    with mock.patch.object(map_score, 'LARGEST', 223), \
            mock.patch.object(map_score, '_Scorer',
                              side_effect=AssertionError):
        assert scored(protocol, maps, levels) == expected


@pytest.mark.parametrize('margin', [0.1, 300])
def test_too_narrow_or_wide_a_guess(margin: float) -> None:
    """What is not enclosed is found otherwise, what is needlessly so too."""
    maps = make_maps('random', 7, 7)
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    protocol = PROTOCOLS['fnac_test']
    expected = scored(protocol, maps, levels)
    with mock.patch.multiple(map_score, MARGIN=margin, DOUBT=0), \
            mock.patch.object(map_score, '_dense_cious',
                              wraps=map_score._dense_cious) as dense:
        assert scored(protocol, maps, levels) == expected
    assert dense.called == (margin < 1)


def test_a_processor_that_rounds_otherwise() -> None:
    maps = make_maps('random', 7, 7)
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    protocol = PROTOCOLS['fnac_test']
    expected = scored(protocol, maps, levels)
    pieces = map_pieces((7, 7), (224, 224), True)
    with mock.patch.object(pieces, 'is_exact', False), \
            mock.patch.object(map_score, '_Scorer',
                              side_effect=AssertionError):
        assert scored(protocol, maps, levels) == expected


def test_threads_do_not_matter() -> None:
    maps = make_maps('steps', 7, 7)
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    found = []
    before = torch.get_num_threads()
    for threads in (1, 2, 30):
        torch.set_num_threads(threads)
        found.append(scored(PROTOCOLS['fnac_test'], maps, levels))
    torch.set_num_threads(before)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize('name', ['fnac_test', 'fnac_test_bicubic'])
def test_targets_of_one_level_and_of_several(name: str) -> None:
    """Masks and boxes in one batch; an empty target among them."""
    maps = make_maps('random', 7, 7)
    rules = [dict(), dict(combine='consensus')] * (COUNT // 2)
    levels = [boxes_to_levels(b, **r) for b, r in zip(make_boxes(), rules)]
    targets = torch.stack(
        [boxes_to_target(b, **r) for b, r in zip(make_boxes(), rules)])
    protocol = PROTOCOLS[name]
    assert scored(protocol, maps,
                  levels) == step_by_step(protocol, maps, targets)


@pytest.mark.parametrize('compare', ['>=', '>'])
@pytest.mark.parametrize('kind', ['random', 'steps', 'ties'])
def test_bicubic_by_other_rules(compare: str, kind: str) -> None:
    protocol = Protocol('own', mode='bicubic', compare=compare, area=0.75)
    maps = make_maps(kind, 7, 7)
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    targets = torch.stack([boxes_to_target(boxes) for boxes in make_boxes()])
    assert scored(protocol, maps,
                  levels) == step_by_step(protocol, maps, targets)


def test_plateaus_are_left_to_others() -> None:
    maps = make_maps('random', 7, 7)
    for map in maps:
        map[::2, 1:6] = 0.3
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    targets = torch.stack([boxes_to_target(boxes) for boxes in make_boxes()])
    protocol = PROTOCOLS['fnac_test']
    with mock.patch.object(
            map_score, '_dense_cious', wraps=map_score._dense_cious) as dense:
        assert scored(protocol, maps,
                      levels) == step_by_step(protocol, maps, targets)
    assert len(dense.call_args.args[2]) == COUNT // 2


def test_of_nothing() -> None:
    maps = [torch.zeros(0, 7, 7)] * 2
    assert scored(PROTOCOLS['fnac_test'], maps, []) == dict(
        audio_visual=[], object=[], fused=[])
    assert scored(PROTOCOLS['slavc'], maps[:1], []) == dict(audio_visual=[])


@pytest.mark.parametrize('name', ['fnac_test', 'fnac_test_bicubic'])
def test_refuses_what_overflows(name: str) -> None:
    maps = make_maps('random', 7, 7)
    maps[0][3] = 3.3e38 * maps[0][3].sign()
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    with pytest.raises(ValueError, match='NaN or infinity'):
        scored(PROTOCOLS[name], maps, levels)


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_refuses_what_is_not_finite(bad: float) -> None:
    maps = make_maps('random', 7, 7)
    maps[1][3, 2, 2] = bad
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    with pytest.raises(ValueError, match='NaN or infinity'):
        scored(PROTOCOLS['fnac_test'], maps, levels)
    with pytest.raises(ValueError, match='12 maps and 11 targets'):
        scored(PROTOCOLS['fnac_test'], maps, levels[1:])


@pytest.mark.parametrize('name', ['fnac_test', 'fnac_test_bicubic', 'slavc'])
def test_refuses_what_does_not_fit(name: str) -> None:
    own, other = make_maps('random', 7, 7)
    levels = [boxes_to_levels(boxes) for boxes in make_boxes()]
    with pytest.raises(ValueError, match='of one B'):
        scored(PROTOCOLS[name], [own, other[:5]], levels)
    with pytest.raises(ValueError, match='of one B'):
        scored(PROTOCOLS[name], [own[:, None]], levels)
    with pytest.raises(ValueError, match='112, 112.* of 224 by'):
        scored(PROTOCOLS[name], [own, other],
               [boxes_to_levels(boxes, 112) for boxes in make_boxes()])


@pytest.mark.parametrize('wrong', [
    dict(compare='=>'),
    dict(alpha=1.5),
    dict(area=-0.1),
    dict(area=1.),
])
def test_protocol_refuses(wrong: dict) -> None:
    with pytest.raises(
            ValueError, match=f"protocol 'own': {list(wrong)[0]} must be"):
        Protocol('own', **wrong)
