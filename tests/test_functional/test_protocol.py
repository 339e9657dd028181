"""Protocols against the table of the published codes."""
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fnac_mm.functional import PROTOCOLS, Protocol, get_protocol

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


def test_own_protocol(maps: tuple) -> None:
    protocol = Protocol('mine', size=28, alpha=1.0)
    assert get_protocol(protocol) is protocol
    ours = protocol.maps(*maps)
    assert ours['fused'].shape == (3, 28, 28)
    torch.testing.assert_close(ours['fused'], ours['audio_visual'])


def test_description_tells_what_decides_a_score() -> None:
    assert get_protocol('fnac_test').describe() == (
        'fnac_test: bilinear, align_corners=True, top 50% (>=)')
    assert 'threshold 0.5538 (>)' in get_protocol('vssl_eval').describe()


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match="'fnac'.*ez.*slavc"):
        get_protocol('fnac')
