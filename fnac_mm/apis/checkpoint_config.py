"""The config that a checkpoint carries, read without running it."""
import ast
import os
import os.path as osp
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Iterator, Optional, Tuple, Union

from mmengine.config import Config, ConfigDict
from mmengine.config.utils import MODULE2PACKAGE

from fnac_mm.apis.starter import STARTER_NOTE, starter_checkpoint
from fnac_mm.registry import (FUNCTIONS, MODELS, TRANSFORMS, VISBACKENDS,
                              VISUALIZERS)

_REGISTRIES = (FUNCTIONS, MODELS, TRANSFORMS, VISBACKENDS, VISUALIZERS)
ConfigLike = Union[str, dict, Config, ConfigDict]
_WEIGHTS = ('.pth', '.pt', '.ckpt')
# What inference uses of a config.
_NEEDED = ('model', 'test_dataloader', 'visualizer', 'min_confidence')
_REMEDY = 'give the config file of the training as well'


def find_checkpoint(model: Optional[ConfigLike],
                    weights: Optional[str]) -> Tuple[Any, str]:
    """Tell a config from a checkpoint, which may come first.

    Args:
        model (str | dict | Config, optional): Config or checkpoint.
        weights (str, optional): Checkpoint, after a config. Without both,
            the shipped one is meant, and a line on stderr says so.

    Returns:
        tuple: Config, or None if the checkpoint's own is meant, and the file
        of the checkpoint.

    Raises:
        FileNotFoundError: If the config is missing.
        ValueError: If no checkpoint is given.
    """
    if model is None and weights is None:
        print(STARTER_NOTE, file=sys.stderr)
        weights = os.fspath(starter_checkpoint())
    if isinstance(model, (str, os.PathLike)):
        model = os.fspath(model)
        if weights is None and model.endswith(_WEIGHTS):
            model, weights = None, model
        elif not osp.isfile(model):
            raise FileNotFoundError(f'{model}: no such config')
    if weights is None:
        name = model if isinstance(model, str) else 'the config'
        raise ValueError(f'{name} says how the network is built, not its '
                         'weights; give a checkpoint of its training too, '
                         'such as work_dirs/<name>/epoch_30.pth')
    return model, os.fspath(weights)


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
        ``visualizer``, ``min_confidence``.

    Raises:
        ValueError: If there is none, or it holds more than that; the message
            names the file.
    """
    meta = checkpoint.get('meta')
    text = meta.get('cfg') if isinstance(meta, dict) else None
    if not isinstance(text, str):
        raise ValueError(f'{path}: holds no config; {_REMEDY}')
    try:
        values = _evaluate(text)
        values = {key: values[key] for key in _NEEDED if key in values}
        types = list(_types(values))
    except (SyntaxError, ValueError, TypeError, RecursionError,
            MemoryError) as error:
        reason = str(error)[:500] or type(error).__name__
        raise ValueError(f'{path}: refused, because its config holds more '
                         f'than plain values ({reason}); {_REMEDY}') from error
    unknown = [t for t in types if '.' in t and not _is_registered(t)]
    if unknown:
        names = ', '.join(unknown)[:500]
        raise ValueError(
            f'{path}: refused, because its config names {names}, which is no '
            f'registered component; {_REMEDY}')
    return Config(values)
