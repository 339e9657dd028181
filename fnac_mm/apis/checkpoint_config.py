"""The config that a checkpoint carries, read without running it."""
import ast
import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Dict, Iterator, Optional

import mmpretrain.registry  # noqa: F401 -- adds its registries to the tree
from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.registry import registry as lookup

from fnac_mm.registry import MODELS, TRANSFORMS

_REMEDY = 'give the config file of the training as well'
# Keys with which a network opens or downloads other files, or starts a
# compiler with options; the weights are in the checkpoint itself.
_LOADING = ('init_cfg', 'pretrained', 'checkpoint_path', 'compile_encoders')
# Of mmpretrain's components, those that open nothing by themselves.
_HARMLESS = ('mmpretrain.models.backbones.', 'mmpretrain.models.utils.norm',
             'mmpretrain.datasets.transforms.', 'mmcv.transforms.',
             'functools')
# Public weights of a fixed host, for the object prior.
_MODEL_ZOO = 'torchvision://'


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


def _find_registered(name: str, registry: Registry) -> Optional[Any]:
    """What a name stands for in a registry, its parent or their children.

    Without MMEngine's last resort, which is to import the name.
    """
    scope, _, key = name.rpartition('.')
    root: Any = registry.parent
    scopes = {root.scope: root, **root.children}
    # Parts of mmpretrain's networks are named without its scope.
    order = [scope] if scope else [registry.scope, root.scope, 'mmpretrain']
    for node in (scopes[name] for name in order if name in scopes):
        node.import_from_location()
        if key in node.module_dict:
            found = node.module_dict[key]
            module = str(getattr(found, '__module__', type(found).__module__))
            if node.scope == 'mmpretrain' and not module.startswith(_HARMLESS):
                return None
            return found
    return None


def _vet(value: Any, registry: Registry) -> Any:
    """Copy of a value without what loads other files.

    Raises:
        ValueError: If it names what is not registered, a path or an address.
    """
    if isinstance(value, dict):
        kind, scope = value.get('type', ''), value.get('_scope_')
        if 'type' in value and (not isinstance(kind, str)
                                or _find_registered(kind, registry) is None):
            raise ValueError(f'{kind!r:.200} is no registered component')
        if scope not in (None, registry.scope, *registry.parent.children):
            raise ValueError(f'{scope!r:.200} is no scope of a registry')
        return {
            key: item if key in ('type', '_scope_') else _vet(item, registry)
            for key, item in value.items() if key not in _LOADING
        }
    if isinstance(value, (list, tuple)):
        return type(value)(_vet(item, registry) for item in value)
    if isinstance(value, str) and set(value) & set(':/\\~'):
        raise ValueError(f'{value!r:.200} may be a path or an address')
    return value


def _vet_config(values: dict) -> dict:
    """What inference needs of a config; see :func:`read_config`."""
    vetted: Dict[str, Any] = {}
    if 'min_confidence' in values:
        vetted['min_confidence'] = _vet(values['min_confidence'], MODELS)
    try:
        model = values['model']
        pipeline = values['test_dataloader']['dataset']['pipeline']
        prior = model.get('object_prior')
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError('it needs model and test_dataloader.dataset.pipeline '
                         f'({error!r:.80})') from None
    vetted['model'] = _vet(model, MODELS)
    vetted['test_dataloader'] = dict(
        dataset=dict(pipeline=_vet(pipeline, TRANSFORMS)))
    if prior:
        weights = prior.get('backbone', {}).get('init_cfg', {})
        address = str(weights.get('checkpoint'))
        if address.startswith(_MODEL_ZOO):
            vetted['model']['object_prior']['backbone']['init_cfg'] = dict(
                type='Pretrained', checkpoint=address)
    return vetted


def read_config(checkpoint: dict, path: str) -> Config:
    """Config with which a checkpoint was trained.

    MMEngine stores it as Python source, which ``Config.fromstring`` executes,
    and its registries import each type that they do not know: ``type='this'``
    would run. A checkpoint may come from anyone, so only literals and
    registered components are accepted here, no path and no address; what
    would load pretrained weights or start a compiler is left out. Of an
    object prior the weights of ``torchvision://`` stay.

    Args:
        checkpoint (dict): As loaded.
        path (str): Its file, for messages.

    Returns:
        Config: Only what inference needs: ``model``, the pipeline of
        ``test_dataloader`` and ``min_confidence``.

    Raises:
        ValueError: If there is none, or it holds more than that; the message
            names the file.
    """
    meta = checkpoint.get('meta')
    text = meta.get('cfg') if isinstance(meta, dict) else None
    if not isinstance(text, str):
        raise ValueError(f'{path}: holds no config; {_REMEDY}')
    try:
        return Config(_vet_config(_evaluate(text)))
    except (SyntaxError, ValueError, TypeError, AttributeError, RecursionError,
            MemoryError) as error:
        reason = str(error)[:500] or type(error).__name__
        raise ValueError(
            f'{path}: refused, because its config holds more '
            f'than plain values and registered components, or '
            f'less than is needed: {reason}; {_REMEDY}') from error


@contextmanager
def registered_only(path: str) -> Iterator[None]:
    """Context in which MMEngine imports nothing that a config names.

    For names that only a component itself looks up, such as the
    ``norm_layer`` of a timm network.

    Args:
        path (str): Checkpoint whose config is built, for messages.

    Raises:
        ValueError: If the config can't be built so.
    """

    def refuse(name: str) -> None:
        raise ValueError(f'{name} is not registered')

    def known(name: str) -> ModuleType:
        if name.split('.')[0] not in sys.modules:
            raise ImportError(f'{name} is not imported')
        return import_module(name)

    replaced = dict(get_object_from_string=refuse, import_module=known)
    before = {name: getattr(lookup, name) for name in replaced}
    try:
        vars(lookup).update(replaced)
        yield
    except Exception as error:
        if str(error).startswith(f'{path}: '):
            raise
        raise ValueError(
            f'{path}: the network of its config can\'t be built '
            f'({type(error).__name__}: {error!s:.500}); {_REMEDY}') from error
    finally:
        vars(lookup).update(before)
