"""What checkpoints hold, and what of it does not fit the present run."""
import logging
import math
from collections import OrderedDict
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import torch
from mmengine.logging import print_log
from mmengine.runner import Runner

from fnac_mm.utils import load_plain_checkpoint, safe_loading


def to_plain(value: Any) -> Any:
    """Copy of nested containers with NumPy's values as Python's."""
    if isinstance(value, OrderedDict):
        return OrderedDict(
            (key, to_plain(item)) for key, item in value.items())
    if isinstance(value, dict):
        return {to_plain(key): to_plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(to_plain(item) for item in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value


def _steps(path: Path) -> float:
    """Training steps behind a checkpoint; most for what can't be told."""
    try:
        with safe_loading(str(path)):
            # Tensors stay on the disk.
            return torch.load(
                path, map_location='cpu',
                mmap=True)['meta'].get('iter', math.inf)
    except (ValueError, KeyError):
        return math.inf


def find_readable(work_dir: str) -> Optional[str]:
    """Newest checkpoint in a folder that can be read; None if there is none.

    Raises:
        ValueError: If there are some, but none can be read.
    """
    paths = [
        path for pattern in ('epoch_*.pth', 'iter_*.pth', 'preempted.pth')
        for path in Path(work_dir).glob(pattern)
    ]
    for path in sorted(paths, key=_steps, reverse=True):
        try:
            load_plain_checkpoint(str(path))
        except ValueError as error:
            print_log(f'passed over: {error}', 'current', logging.WARNING)
        else:
            return str(path)
    if paths:
        raise ValueError(f'{work_dir}: none of its {len(paths)} checkpoints '
                         'can be read; remove them to train anew')
    return None


def _settings(optimizer: Dict[str, Any], schedulers: Any) -> Dict[str, Any]:
    """Settings in the states of an optimizer and its schedulers, by name."""
    found = {}
    for index, group in enumerate(optimizer.get('param_groups', ())):
        # Schedulers move the rate and keep where it began.
        group = dict(group, lr=group.get('initial_lr', group.get('lr')))
        found.update({
            f'optimizer.{index}.{key}': value
            for key, value in group.items()
            if key not in ('params', 'initial_lr')
        })
    for index, state in enumerate(schedulers or ()):
        found.update({
            f'param_scheduler.{index}.{key}': value
            for key, value in state.items()
            if key not in ('last_step', 'base_values') and key[0] != '_'
        })
    return found


def unheeded_settings(runner: Runner, checkpoint: dict) -> List[str]:
    """Settings of a config that a resumed training does not follow.

    MMEngine takes those of optimizer and schedules from the checkpoint.

    Args:
        runner (Runner): Optimizer and schedulers as the config makes them.
        checkpoint (dict): From which training goes on.

    Returns:
        list[str]: For each its name, the value that holds and that of the
        config; in steps where a schedule counts them.
    """
    states = [s.state_dict() for s in runner.param_schedulers or ()]
    now = _settings(runner.optim_wrapper.state_dict(), states)
    before = _settings(
        checkpoint.get('optimizer', {}), checkpoint.get('param_schedulers'))
    lines = [
        f'{key} stays {before[key]}, not {value}'
        for key, value in now.items()
        if key in before and to_plain(before[key]) != to_plain(value)
    ]
    saved = checkpoint.get('param_schedulers') or ()
    if len(saved) != len(states):
        lines.append(f'the checkpoint has {len(saved)} schedules, the config '
                     f'{len(states)}')
    return lines
