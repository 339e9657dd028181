"""Where a number comes from: config, code, hardware."""
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict

import torch

from fnac_mm.utils import json_digest
from fnac_mm.version import __version__

# What decides no number: places, logging, and how the work is shared out.
NO_EFFECT = frozenset(
    ('data_root', 'env_cfg', 'experiment_name', 'launcher', 'load_from',
     'loader_limit', 'log_level', 'log_processor', 'logger',
     'model_wrapper_cfg', 'non_blocking', 'num_workers', 'out_dir', 'out_file',
     'packed', 'persistent_workers', 'pin_memory', 'prefetch_factor', 'resume',
     'timer', 'visualization', 'visualizer', 'work_dir'))


def _effective(part: Any) -> Any:
    """Copy without the keys that decide no number."""
    if isinstance(part, dict):
        return {
            str(key): _effective(value)
            for key, value in part.items() if key not in NO_EFFECT
        }
    if isinstance(part, (list, tuple)):
        return [_effective(item) for item in part]
    return part


def config_digest(cfg: Dict[str, Any]) -> str:
    """SHA-256 of what decides the numbers in a config.

    Keys of ``NO_EFFECT`` are left out wherever they stand, and where there
    is a ``global_batch_size`` its share for each process.

    Args:
        cfg (dict): ``Config.to_dict()``.

    Returns:
        str: 64 hexadecimal digits.
    """
    content = _effective(cfg)
    if content.get('global_batch_size') is not None:
        (content.get('train_dataloader') or {}).pop('batch_size', None)
    return json_digest(content)


def _git(*args: str) -> str:
    """Answer of git about the folder of the package; '' if there is none."""
    try:
        done = subprocess.run(['git', *args],
                              cwd=Path(__file__).resolve().parent,
                              capture_output=True,
                              text=True,
                              timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return done.stdout.strip() if done.returncode == 0 else ''


@lru_cache(maxsize=None)
def code_version() -> Dict[str, Any]:
    """What code this is.

    Returns:
        dict: ``fnac_mm``, its version; in a checkout also ``commit`` and
        ``dirty``, whether tracked files differ from it.
    """
    version: Dict[str, Any] = dict(fnac_mm=__version__)
    top = _git('rev-parse', '--show-toplevel')
    # Not that of somebody else's repository around an installed package.
    if top and Path(top) == Path(__file__).resolve().parents[2]:
        changed = _git('status', '--porcelain', '--untracked-files=no')
        version.update(commit=_git('rev-parse', 'HEAD'), dirty=bool(changed))
    return version


def hardware() -> Dict[str, str]:
    """What it runs on.

    Returns:
        dict: ``device``, ``'cpu'`` or the name of the GPU, and ``torch``.
    """
    device = torch.cuda.get_device_name() if torch.cuda.is_available() \
        else 'cpu'
    return dict(device=device, torch=str(torch.__version__))


def describe_run(cfg: Dict[str, Any]) -> Dict[str, Any]:
    """Facts of a run that its results and checkpoints carry.

    Neither date nor host nor number of processes: the same run gives the
    same file.

    Args:
        cfg (dict): ``Config.to_dict()``.

    Returns:
        dict: ``config_sha256``, ``code``, ``hardware``.
    """
    return dict(
        config_sha256=config_digest(cfg),
        code=dict(code_version()),
        hardware=hardware())
