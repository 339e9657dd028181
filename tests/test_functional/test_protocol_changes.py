"""Protocols from configs."""
import pytest
from mmengine.config import ConfigDict

from fnac_mm.functional import PROTOCOLS, Protocol, build_protocol


@pytest.mark.parametrize('name', sorted(PROTOCOLS))
def test_presets_stay_as_they_are(name: str) -> None:
    assert build_protocol(name) is PROTOCOLS[name]
    assert build_protocol(dict(name=name)) == PROTOCOLS[name]
    assert build_protocol(PROTOCOLS[name]) is PROTOCOLS[name]


def test_changes_show_in_the_name() -> None:
    protocol = build_protocol(ConfigDict(name='ez', compare='>'), alpha=0.7)
    assert protocol == Protocol(
        'ez[alpha=0.7,compare=>]', compare='>', alpha=0.7)
    assert 'ez[alpha=0.7,compare=>]' in protocol.describe()
    assert build_protocol(dict(alpha=0.4)).name == 'fnac_test'
    assert build_protocol(
        'fnac_test', alpha=0.5).name == 'fnac_test[alpha=0.5]'


@pytest.mark.parametrize('spec,message', [
    ('lsv', 'unknown protocol .lsv.; known are ez,'),
    (dict(name='ez', aplha=0.5), 'no field aplha; known are name, mode'),
    (dict(alpha=1.5), r'alpha must be in \[0, 1\], got 1.5'),
    (dict(name='slavc', alpha=-1), r'alpha must be in \[0, 1\]'),
    (dict(compare='>>'), 'compare must be'),
    (dict(mode='cubic'), 'mode must be'),
    (dict(object_mode='cubic'), 'mode must be'),
    (dict(area=1), r'area must be in \[0, 1\)'),
    (dict(size=0), 'size must be at least 1'),
])
def test_wrong_values_fail_at_once(spec: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_protocol(spec)
