"""Protocols against the table of the published codes, and their scores."""
from typing import Dict, List, Optional

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fnac_mm.functional import (PROTOCOLS, Protocol, boxes_to_target,
                                get_protocol, score_maps)

# name: (mode, align_corners) of the two maps, comparison
TABLE = dict(
    fnac_val=('bicubic', False, None, None, '>='),
    fnac_test=('bilinear', True, 'bilinear', True, '>='),
    fnac_test_bicubic=('bicubic', False, 'bilinear', True, '>='),
    ez=('bilinear', True, 'bilinear', True, '>='),
    slavc=('bicubic', True, 'bicubic', True, '>='),
    sslalign=('bilinear', True, 'bilinear', True, '>'),
    lvs=('bilinear', False, 'bilinear', False, '>'),
    vssl_eval=('bilinear', True, 'bilinear', True, '>'))


def minmax(maps: Tensor) -> Tensor:
    flat = maps.flatten(1)
    low, high = flat.min(1).values, flat.max(1).values
    return (maps - low[:, None, None]) / (high - low)[:, None, None]


def enlarge(maps: Tensor, mode: str, align: bool) -> Tensor:
    return F.interpolate(
        maps[:, None], (224, 224), mode=mode, align_corners=align)[:, 0]


@pytest.fixture()
def maps() -> tuple:
    torch.manual_seed(0)
    return torch.rand(3, 7, 7) * 1.4 - 0.7, torch.rand(3, 14, 14) * 3


def test_every_preset_is_in_the_table() -> None:
    assert set(TABLE) == set(PROTOCOLS)
    assert all(protocol.name == name for name, protocol in PROTOCOLS.items())


@pytest.mark.parametrize('name', TABLE)
def test_presets(name: str, maps: tuple) -> None:
    mode, align, object_mode, object_align, compare = TABLE[name]
    protocol = get_protocol(name)
    assert protocol.compare == compare and protocol.size == 224
    cosines, objects = maps
    large = enlarge(cosines, mode, align)
    expected = (large + 1) / 2 if name == 'vssl_eval' else minmax(large)
    ours = protocol.maps(cosines)
    assert list(ours) == ['audio_visual']
    torch.testing.assert_close(ours['audio_visual'], expected)
    if object_mode is not None:
        ours = protocol.maps(cosines, objects)
        torch.testing.assert_close(
            ours['object'],
            minmax(enlarge(objects, object_mode, object_align)))


@pytest.mark.parametrize('name', ['fnac_test', 'fnac_test_bicubic', 'ez'])
def test_object_guided_localisation(name: str, maps: tuple) -> None:
    mode, align = TABLE[name][:2]
    expected = minmax(0.4 * minmax(enlarge(maps[0], mode, align)) +
                      0.6 * minmax(enlarge(maps[1], 'bilinear', True)))
    torch.testing.assert_close(
        get_protocol(name).maps(*maps)['fused'], expected)


def test_slavc_fuses_scores(maps: tuple) -> None:
    """0.9 (S + 1/tau) / (2/tau) + 0.1 O / 2.5, S being the cosine / tau."""
    tau = 0.03
    similarity = enlarge(maps[0], 'bicubic', True) / tau
    score = (similarity + 1 / tau) / (2 / tau)
    expected = minmax(0.9 * score +
                      0.1 * enlarge(maps[1], 'bicubic', True) / 2.5)
    ours = get_protocol('slavc').maps(*maps)['fused']
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_universal_threshold(maps: tuple) -> None:
    protocol = get_protocol('vssl_eval')
    assert protocol.threshold == 0.5538
    ours = protocol.maps(*maps)
    torch.testing.assert_close(
        ours['fused'], 0.4 * ours['audio_visual'] + 0.6 * ours['object'])


def test_description_tells_what_decides_a_score() -> None:
    assert get_protocol('fnac_test').describe() == (
        'fnac_test: bilinear, align_corners=True, top 50% (>=)')
    assert 'threshold 0.5538 (>)' in get_protocol('vssl_eval').describe()


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match="'fnac'.*ez.*slavc"):
        get_protocol('fnac')


# More than are done at once.
COUNT = 12
MAKERS = dict(
    random=lambda rng, shape: rng.uniform(-1, 1, shape),
    ties=lambda rng, shape: rng.uniform(-1, 1, shape).round(),
    steps=lambda rng, shape: rng.uniform(-1, 1, shape).round(1),
    offset=lambda rng, shape: 50 + rng.uniform(-1, 1, shape),
    subnormal=lambda rng, shape: 1e-41 * rng.uniform(-1, 1, shape),
    constant=lambda rng, shape: np.ones(shape),
    nearly_constant=lambda rng, shape: 1 + 1e-6 * rng.uniform(-1, 1, shape))


def make_maps(kind: str = 'random') -> List[Tensor]:
    """Audio-visual and object maps."""
    rng = np.random.default_rng(list(kind.encode()))
    return [
        torch.from_numpy(MAKERS[kind](rng, (COUNT, *shape)).astype(np.float32))
        for shape in ((7, 7), (5, 9))
    ]


def make_targets(size: int = 224, **rule: object) -> Tensor:
    """Of one to three boxes each; of a pixel, everything and nothing."""
    rng = np.random.default_rng(1)
    boxes: List[list] = [[[0.5, 0.5, 0.505, 0.505]], [[0., 0., 1., 1.]], []]
    while len(boxes) < COUNT:
        corner = rng.uniform(0, 0.6, (rng.integers(1, 4), 2))
        extent = rng.uniform(0.1, 0.9, corner.shape)
        boxes.append(np.hstack([corner, corner + extent]).tolist())
    return torch.stack([boxes_to_target(b, size, **rule) for b in boxes])


def unit_range(map: np.ndarray) -> np.ndarray:
    """As published: a constant map stays."""
    low, high = map.min(), map.max()
    return (map - low) / (high - low) if high != low else map


def published_ciou(map: np.ndarray, target: np.ndarray, compare: str,
                   area: float, threshold: Optional[float]) -> float:
    """One map in plain NumPy, with 0 / 0 := 0."""
    if threshold is None:
        threshold = np.sort(map.ravel())[int(map.size * area)]
    chosen = map >= threshold if compare == '>=' else map > threshold
    weights = target.astype(np.float64)
    union = weights.sum() + np.sum(chosen & (weights == 0))
    return float(np.sum(chosen * weights) / union) if union else 0.


def by_single_steps(protocol: Protocol, maps: List[Tensor],
                    targets: Tensor) -> Dict[str, List[float]]:
    """Map by map: torch's interpolation, the rest in NumPy."""
    found: Dict[str, List[float]] = dict(audio_visual=[], object=[], fused=[])
    modes = ((protocol.mode, protocol.align_corners),
             (protocol.object_mode, protocol.object_align_corners))
    for own, other, target in zip(*maps, targets):
        own, other = (F.interpolate(
            x[None, None], (protocol.size, ) * 2,
            mode=mode,
            align_corners=align).numpy()[0, 0]
                      for x, (mode, align) in zip((own, other), modes))
        large = dict(audio_visual=unit_range(own), object=unit_range(other))
        large['fused'] = unit_range(protocol.alpha * large['audio_visual'] +
                                    (1 - protocol.alpha) * large['object'])
        for kind, map in large.items():
            found[kind].append(
                published_ciou(map, target.numpy(), protocol.compare,
                               protocol.area, protocol.threshold))
    return found


def scored(protocol: Protocol, maps: List[Tensor],
           targets: Tensor) -> Dict[str, List[float]]:
    """By the function under test."""
    found = score_maps(protocol, maps[0], maps[1] if len(maps) == 2 else None,
                       targets)
    return {kind: cious.tolist() for kind, cious in found.items()}


@pytest.mark.parametrize('kind', list(MAKERS))
@pytest.mark.parametrize('protocol', [
    PROTOCOLS['fnac_test'],
    PROTOCOLS['fnac_test_bicubic'],
    PROTOCOLS['lvs'],
    Protocol('quarter', area=0.75, compare='>', mode='bicubic'),
    Protocol('nearly all', area=0.001, alpha=1.),
    Protocol('odd size', size=51),
], ids=lambda protocol: protocol.name)  # yapf: disable
def test_scores_to_the_last_digit(kind: str, protocol: Protocol) -> None:
    """Whatever ties, plateaus and constant maps there are."""
    maps = make_maps(kind)
    for rule in (dict(), dict(combine='consensus')):
        targets = make_targets(protocol.size, **rule)
        expected = by_single_steps(protocol, maps, targets)
        assert scored(protocol, maps, targets) == expected
        assert scored(protocol, maps[:1],
                      targets) == dict(audio_visual=expected['audio_visual'])


@pytest.mark.parametrize('name', ['slavc', 'vssl_eval'])
def test_scores_of_other_maps(name: str) -> None:
    """Fused before the range, or cut at a value."""
    protocol, targets = PROTOCOLS[name], make_targets(consensus=3)
    found = scored(protocol, make_maps(), targets)
    for kind, large in protocol.maps(*make_maps()).items():
        assert found[kind] == [
            published_ciou(map.numpy(), target.numpy(), protocol.compare,
                           protocol.area, protocol.threshold)
            for map, target in zip(large, targets)
        ]


def test_score_of_nothing() -> None:
    maps, targets = [torch.zeros(0, 7, 7)] * 2, torch.zeros(0, 224, 224)
    assert scored(PROTOCOLS['fnac_test'], maps, targets) == dict(
        audio_visual=[], object=[], fused=[])
    assert scored(PROTOCOLS['slavc'], maps[:1],
                  targets) == dict(audio_visual=[])


@pytest.mark.parametrize('name', ['fnac_test', 'fnac_test_bicubic', 'slavc'])
def test_scores_refused(name: str) -> None:
    protocol, targets = PROTOCOLS[name], make_targets()
    for bad in (float('nan'), float('inf'), 3.3e38):
        maps = make_maps()
        maps[0][-1] = bad * maps[0][-1].sign()
        with pytest.raises(ValueError, match='NaN or infinity'):
            scored(protocol, maps, targets)
    own, other = make_maps()
    with pytest.raises(ValueError, match='and 11 targets'):
        scored(protocol, [own, other], targets[1:])
    with pytest.raises(ValueError, match='of one B'):
        scored(protocol, [own, other[:5]], targets)
    with pytest.raises(ValueError, match='of one B'):
        scored(protocol, [own[:, None]], targets)
    with pytest.raises(ValueError, match='112, 112.* of 224 by'):
        scored(protocol, [own, other], make_targets(112))
