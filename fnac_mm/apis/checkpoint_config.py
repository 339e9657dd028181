"""The config that a checkpoint carries, read without running it."""
import ast
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Iterator

from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE

from fnac_mm.registry import (FUNCTIONS, MODELS, TRANSFORMS, VISBACKENDS,
                              VISUALIZERS)

_REGISTRIES = (FUNCTIONS, MODELS, TRANSFORMS, VISBACKENDS, VISUALIZERS)
_REMEDY = 'give the config file of the training as well'


class _DictCalls(ast.NodeTransformer):
    """``dict(a=1)`` and ``dict({'a b': 1})`` as displays."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace a call of dict; leave others for literal_eval to refuse."""
        self.generic_visit(node)
        if getattr(node.func, 'id', None) != 'dict':
            return node
        if len(node.args) == 1 and not node.keywords:
            return node.args[0]
        if node.args or any(word.arg is None for word in node.keywords):
            return node
        return ast.Dict([ast.Constant(word.arg) for word in node.keywords],
                        [word.value for word in node.keywords])


def _evaluate(text: str) -> dict:
    """Assignments of literals, as ``Config.pretty_text`` writes them."""
    values = {}
    for statement in ast.parse(text).body:
        if not isinstance(statement, ast.Assign) \
                or not isinstance(statement.targets[0], ast.Name):
            raise ValueError(f'line {statement.lineno} is no assignment')
        values[statement.targets[0].id] = ast.literal_eval(_DictCalls().visit(
            statement.value))
    return values


def _types(value: Any) -> Iterator[str]:
    """Every ``type`` below a value."""
    if isinstance(value, dict):
        if isinstance(value.get('type'), str):
            yield value['type']
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _types(item)


def _is_registered(name: str) -> bool:
    """Whether ``scope.Name`` is a component of a known project."""
    scope, _, key = name.rpartition('.')
    if scope in MODULE2PACKAGE and find_spec(scope):
        import_module(f'{scope}.registry')
    for node in _REGISTRIES:
        root = node.parent
        for candidate in (root, *root.children.values()):
            if candidate.scope == scope:
                candidate.import_from_location()
                if key in candidate.module_dict:
                    return True
    return False


def read_config(checkpoint: dict, path: str) -> Config:
    """Config with which a checkpoint was trained.

    MMEngine stores it as Python source, which ``Config.fromstring`` executes,
    and registries import any dotted type: ``type='os.system'`` would run. A
    checkpoint may come from anyone, so only literals and registered
    components are accepted here.

    Args:
        checkpoint (dict): As loaded.
        path (str): Its file, for messages.

    Returns:
        Config: Only what inference needs: ``model``, ``test_dataloader``,
        ``visualizer``.

    Raises:
        ValueError: If there is none, or it holds more than that; the message
            names the file.
    """
    text = checkpoint.get('meta', {}).get('cfg')
    if not isinstance(text, str):
        raise ValueError(f'{path}: holds no config; {_REMEDY}')
    try:
        values = _evaluate(text)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f'{path}: refused, because its config holds more '
                         f'than plain values ({error}); {_REMEDY}') from error
    needed = ('model', 'test_dataloader', 'visualizer')
    values = {key: values[key] for key in needed if key in values}
    unknown = [t for t in _types(values) if '.' in t and not _is_registered(t)]
    if unknown:
        raise ValueError(
            f'{path}: refused, because its config names {", ".join(unknown)}, '
            f'which is no registered component; {_REMEDY}')
    return Config(values)
