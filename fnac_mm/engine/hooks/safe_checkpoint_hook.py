"""Checkpoints that hold data only and fit the model that loads them."""
import logging
import math
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS
from fnac_mm.utils import (check_weights, forget_foreign_paths,
                           load_plain_checkpoint, read_weights, safe_loading)


def to_plain(value: Any) -> Any:
    """Copy of nested containers with NumPy values as Python's.

    Args:
        value (Any): Anything; tensors and unknown types are kept.

    Returns:
        Any: The same with dict, list, tuple, bool, int, float and str only,
        where NumPy's were.
    """
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
    """Newest checkpoint of a training that can be read.

    Args:
        work_dir (str): Its folder.

    Returns:
        str | None: None if there is no checkpoint at all.

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


@HOOKS.register_module()
class SafeCheckpointHook(Hook):
    """Write plain types only; refuse weights that don't fit.

    MMEngine 0.10 puts log buffers and NumPy scalars into its checkpoints,
    which ``torch.load`` of torch >= 2.6 refuses, so that its own runs can't
    be resumed. The log buffers (smoothing windows of the console log) are
    left out, the rest becomes Python types.

    Args:
        strict (bool): Raise if a checkpoint lacks keys of the model, has
            others, or other shapes. Defaults to True.
    """

    priority = 'VERY_LOW'

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict

    def before_run(self, runner: Runner) -> None:
        """Read the file to be loaded, so that an error names it.

        When the latest checkpoint of a work dir is asked for, a damaged one
        is passed over for the one before.

        Raises:
            FileNotFoundError: If it is a local path without a file.
            ValueError: If it carries code or is damaged.
        """
        # torch.hub, which loads addresses, would run what a file carries.
        os.environ.setdefault('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
        if runner._load_from is None and runner._resume:
            found = [
                find_readable(runner.work_dir) if is_main_process() else None
            ]
            broadcast_object_list(found)
            runner._load_from = found[0]
        elif runner._load_from and '://' not in runner._load_from:
            load_plain_checkpoint(runner._load_from)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Replace what ``torch.load(weights_only=True)`` would refuse."""
        hub = checkpoint.get('message_hub')
        if hub is not None:
            # MMEngine warns of each key that is named and not there.
            info = hub['runtime_info']
            keys = {k: v for k, v in hub['resumed_keys'].items() if k in info}
            checkpoint['message_hub'] = dict(
                hub, log_scalars=OrderedDict(), resumed_keys=keys)
        for key, value in checkpoint.items():
            if key != 'state_dict':
                checkpoint[key] = to_plain(value)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the checkpoint with the model, before it is loaded.

        Raises:
            ValueError: If it has no weights or, when strict, they don't fit.
        """
        # MMEngine would execute a config of this key when it resumes.
        checkpoint.get('meta', {}).pop('config', None)
        forget_foreign_paths(checkpoint, runner.work_dir)
        state = read_weights(checkpoint, str(runner._load_from))
        if self.strict:
            model = runner.model
            model = model.module if is_model_wrapper(model) else model
            check_weights(model.state_dict(), state, str(runner._load_from))
