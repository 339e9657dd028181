"""Child registries: complete, importable, quiet."""
from importlib import import_module

import pytest
from mmengine import registry as root
from mmengine.registry import Registry

from fnac_mm import registry

ROOTS = {
    name: node
    for name, node in vars(root).items() if isinstance(node, Registry)
}


@pytest.mark.parametrize('name', ROOTS)
def test_every_root_has_a_child(name: str) -> None:
    child = getattr(registry, name)
    assert child.parent is ROOTS[name]
    assert child.scope == 'fnac_mm'
    assert name in registry.__all__


@pytest.mark.parametrize('name', registry.__all__)
def test_locations_import(name: str) -> None:
    locations = getattr(registry, name)._locations
    assert locations
    for location in locations:
        import_module(location)
