"""Results and checkpoints say what they come from."""
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from fnac_mm.evaluation.provenance import RUN_KEY
from fnac_mm.registry import HOOKS
from fnac_mm.utils import file_digest, json_digest
from fnac_mm.version import __version__

# What decides no number: places, logging, and how the work is shared out.
NO_EFFECT = frozenset(
    ('console', 'console_level', 'data_root', 'env_cfg', 'experiment_name',
     'launcher', 'load_from', 'log_level', 'log_processor', 'logger',
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
    """SHA-256 of what decides the numbers in a config (``to_dict()``).

    Keys of ``NO_EFFECT`` are left out wherever they stand, and where there
    is a ``global_batch_size`` its share for each process.
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
    """Version; in a checkout also commit, and whether files differ from it."""
    version: Dict[str, Any] = dict(fnac_mm=__version__)
    top = _git('rev-parse', '--show-toplevel')
    # Not that of somebody else's repository around an installed package.
    if top and Path(top) == Path(__file__).resolve().parents[3]:
        changed = _git('status', '--porcelain', '--untracked-files=no')
        version.update(commit=_git('rev-parse', 'HEAD'), dirty=bool(changed))
    return version


def describe_run(cfg: Dict[str, Any]) -> Dict[str, Any]:
    """Facts of a run that its results and checkpoints carry.

    Neither date nor host nor number of processes: the same run gives the
    same file. The number of threads decides the last bits of sums.
    """
    device = torch.cuda.get_device_name() if torch.cuda.is_available() \
        else 'cpu'
    return dict(
        config_sha256=config_digest(cfg),
        code=dict(code_version()),
        hardware=dict(
            device=device,
            torch=str(torch.__version__),
            threads=torch.get_num_threads()))


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Give config hash, code version and hardware to what is written.

    Checkpoints carry them in ``meta['provenance']``; metrics find them in the
    message hub and put them into their files of results, in a test together
    with the SHA-256 of the checkpoint.
    """

    def before_train(self, runner: Runner) -> None:
        """Tell the metrics of a validation."""
        self._tell(runner)

    before_val = before_train

    def before_test(self, runner: Runner) -> None:
        """Tell the metrics of a test, with the weights."""
        path = runner._load_from
        # Only the main process writes.
        local = path and '://' not in path and is_main_process()
        self._tell(
            runner,
            **(dict(checkpoint_sha256=file_digest(path)) if local else {}))

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add them to the checkpoint."""
        checkpoint.setdefault('meta', {})['provenance'] = describe_run(
            runner.cfg.to_dict())

    @staticmethod
    def _tell(runner: Runner, **more: str) -> None:
        facts = dict(describe_run(runner.cfg.to_dict()), **more)
        # Not resumed: the next start may have other code.
        runner.message_hub.update_info(RUN_KEY, facts, resumed=False)
