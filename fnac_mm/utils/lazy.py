"""Packages whose names are loaded at their first use (PEP 562)."""
import ast
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, List, Tuple


def lazy_names(
    package: str
) -> Tuple[Callable[[str], Any], Callable[[], List[str]], List[str]]:
    """What a package offers, read from the stub beside it.

    ``__init__.pyi`` holds the imports that ``__init__.py`` would have; type
    checkers and editors read the same file::

        __getattr__, __dir__, __all__ = lazy_names(__name__)

    A name that is also its module's must be imported in ``__init__.py``:
    loading the module later would hide it.

    Args:
        package (str): ``__name__`` of the package.

    Returns:
        tuple[Callable, Callable, list[str]]: Its ``__getattr__``, ``__dir__``
        and ``__all__``.
    """
    own = sys.modules[package]
    stub = Path(str(own.__file__)).with_suffix('.pyi')
    places = {
        alias.name: (node.module, node.level)
        for node in ast.parse(stub.read_text(encoding='utf-8')).body
        if isinstance(node, ast.ImportFrom) for alias in node.names
    }

    def load(name: str) -> Any:
        if name not in places:
            raise AttributeError(f'module {package!r} has no attribute '
                                 f'{name!r}')
        module, level = places[name]
        if module is None:  # a module of the package
            return import_module(f'{package}.{name}')
        value = getattr(import_module(f'{"." * level}{module}', package), name)
        setattr(own, name, value)
        return value

    return load, lambda: sorted({*vars(own), *places}), sorted(places)
