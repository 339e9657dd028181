"""Weights that a config asks for: had, safe and fitting, or an error."""
from typing import Dict, List, Tuple

from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import CheckpointLoader
from torch import Tensor

from fnac_mm.utils import safe_loading


def _pretrained_cfgs(module: BaseModule) -> List[Tuple[str, dict]]:
    """(config key, init_cfg) of each ``Pretrained`` of a module."""
    cfgs = getattr(module, 'init_cfg', None) or []
    keyed = [('init_cfg', cfgs)] if isinstance(
        cfgs, dict) else [(f'init_cfg.{i}', cfg) for i, cfg in enumerate(cfgs)]
    return [(key, cfg) for key, cfg in keyed
            if cfg['type'] in ('Pretrained', PretrainedInit)]


def is_pretrained(module: BaseModule) -> bool:
    """Whether the ``init_cfg`` of a module names a checkpoint."""
    return bool(_pretrained_cfgs(module))


def _read(checkpoint: str, option: str) -> dict:
    """Load a checkpoint; errors name it and say what to do."""
    try:
        with safe_loading(f'{option}={checkpoint}'):
            return CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{option}={checkpoint}: no such file') from error
    except OSError as error:
        raise RuntimeError(
            f'{checkpoint} can\'t be downloaded ({error}). Without a '
            'network, give a local file of these weights: --cfg-options '
            f'{option}=/path/to/resnet18.pth') from error
    except KeyError as error:
        raise ValueError(f'{option}={checkpoint}: no weights of the name '
                         f'{error}') from error


def _select(checkpoint: dict, prefix: str) -> Dict[str, Tensor]:
    """Weights below ``prefix``, without it and without ``module.``."""
    weights = checkpoint.get('state_dict', checkpoint)
    weights = {k.removeprefix('module.'): v for k, v in weights.items()}
    start = f'{prefix.rstrip(".")}.' if prefix else ''
    return {
        key[len(start):]: value
        for key, value in weights.items() if key.startswith(start)
    }


def load_pretrained(module: BaseModule, name: str) -> None:
    """Load the checkpoints that the ``init_cfg`` of a module names.

    mmengine only logs what does not fit, and would go on with random
    weights. Entries that the module has no place for, such as a classifier's
    last layer, are left out.

    Args:
        module (BaseModule): Filled in place and marked as initialised.
        name (str): Place of the module's config, such as
            ``'model.image_encoder'``, for messages.

    Raises:
        FileNotFoundError: If a local file is missing.
        RuntimeError: If a download fails.
        ValueError: If a file is not one of weights, or does not fit.
    """
    for key, cfg in _pretrained_cfgs(module):
        checkpoint, option = cfg['checkpoint'], f'{name}.{key}.checkpoint'
        weights = _select(_read(checkpoint, option), cfg.get('prefix') or '')
        try:
            missing = module.load_state_dict(weights, strict=False)[0]
        except RuntimeError as error:
            raise ValueError(f'{checkpoint} ({option}) does not fit '
                             f'{type(module).__name__}: {error}') from error
        missing = [k for k in missing if 'num_batches_tracked' not in k]
        if missing:
            raise ValueError(
                f'{checkpoint} ({option}) does not fit '
                f'{type(module).__name__}; it lacks {", ".join(missing)}')
        print_log(f'{name}: weights of {checkpoint}', logger='current')
    module.is_init = True
