"""From a command line to a Runner: what the tools share."""
import os
import os.path as osp
import subprocess
from datetime import timedelta
from typing import Any, Iterator, Mapping, Optional, Sequence, Tuple, Union

import torch
import torch.distributed as dist
from mmengine.config import Config, ConfigDict, DictAction
from mmengine.logging import print_log

from .console import ConsoleHook, ConsoleRunner
from .failures import explained_failures
from .hooks import SafeCheckpointHook

# Seconds that a process waits for the others before the job is ended.
GROUP_TIMEOUT = 300
# Less, so that the process whose loader hangs can say so.
LOADER_TIMEOUT = 240
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def _dataset_cfgs(cfg: Any) -> Iterator[ConfigDict]:
    """The data set of a dataloader, and those that it wraps."""
    if isinstance(cfg, (list, tuple)):
        for item in cfg:
            yield from _dataset_cfgs(item)
    elif isinstance(cfg, dict):
        yield cfg
        yield from _dataset_cfgs(cfg.get('dataset'))
        yield from _dataset_cfgs(cfg.get('datasets'))


def dataset_cfgs(cfg: Config) -> Iterator[Tuple[str, ConfigDict]]:
    """The data sets of a config that read files, those that are wrapped too.

    Args:
        cfg (Config): A config.

    Yields:
        tuple[str, ConfigDict]: Name of the dataloader, and the data set.
    """
    for name in LOADERS:
        loader = cfg.get(name)
        if loader is None:
            continue
        for dataset in _dataset_cfgs(loader.get('dataset')):
            if 'dataset' not in dataset and 'datasets' not in dataset:
                yield name, dataset


def loader_dataset(cfg: Config, split: str) -> ConfigDict:
    """The data set of a config's dataloader.

    Args:
        cfg (Config): A config.
        split (str): ``'train'``, ``'val'`` or ``'test'``.

    Raises:
        ValueError: If there is none.
    """
    dataset = (cfg.get(f'{split}_dataloader') or {}).get('dataset')
    if dataset is None:
        raise ValueError(f'{cfg.filename} has no {split}_dataloader.dataset')
    return dataset


def _set_data_root(cfg: Config, data_root: str) -> None:
    """Set the ``data_root`` of every data set in a config."""
    if not osp.isdir(data_root):
        raise FileNotFoundError(f'--data-root {data_root}: no such folder')
    if 'benchmarks' in (cfg.get('test_cfg') or {}):
        # Sets below one folder, each with its own name there
        cfg.test_cfg.data_root = data_root
    for _, dataset in dataset_cfgs(cfg):
        dataset.data_root = data_root


def _world_size(launcher: str) -> int:
    """Number of processes that this launcher started."""
    key = dict(pytorch='WORLD_SIZE', slurm='SLURM_NTASKS').get(launcher)
    return int(os.environ.get(key, 1)) if key else 1


def _check_batch(key: str, value: Any) -> None:
    if not isinstance(value, int) or value < 1:
        raise ValueError(f'{key} must be a whole number of at least 1, got '
                         f'{value!r}')


def split_batch(cfg: Config, launcher: str) -> None:
    """Share ``cfg.global_batch_size`` among the processes.

    The published loss depends on the number of negatives, so the batch of
    our configs is that of all processes together.

    Args:
        cfg (Config): Changed in place; one without ``global_batch_size``
            keeps its batch per process.
        launcher (str): See :func:`load_config`.

    Raises:
        ValueError: If it is no number, or can't be shared evenly.
    """
    total = cfg.get('global_batch_size')
    if total is None:
        return
    _check_batch('global_batch_size', total)
    processes = _world_size(launcher)
    if total % processes:
        raise ValueError(
            f'global_batch_size={total} can\'t be shared by {processes} '
            'processes; choose a multiple with --cfg-options '
            f'global_batch_size={processes * max(total // processes, 1)}')
    cfg.train_dataloader.batch_size = total // processes


def _slurm_environment() -> None:
    """Set what torch.distributed reads from what Slurm sets."""
    nodes = os.environ['SLURM_NODELIST']
    if 'MASTER_ADDR' not in os.environ:
        hosts = subprocess.run(['scontrol', 'show', 'hostname', nodes],
                               check=True,
                               capture_output=True,
                               text=True)
        os.environ['MASTER_ADDR'] = hosts.stdout.split()[0]
    os.environ.setdefault('MASTER_PORT', '29500')
    os.environ['RANK'] = os.environ['SLURM_PROCID']
    os.environ['LOCAL_RANK'] = os.environ.get('SLURM_LOCALID', '0')
    os.environ['WORLD_SIZE'] = os.environ['SLURM_NTASKS']


def _use_gloo_without_gpu(cfg: Config, launcher: str) -> None:
    """Let several processes run on a machine without a GPU.

    MMEngine 0.10 calls ``torch.cuda.set_device`` for every launcher, so the
    group is made here, before its Runner looks for one.
    """
    if launcher == 'none' or torch.cuda.is_available():
        return
    if cfg.get('sync_bn'):
        raise ValueError(
            f'sync_bn={cfg.sync_bn!r} needs a GPU: torch has no synchronised '
            'BatchNorm for gloo; leave it out, and each process normalises '
            'with its own part of the batch')
    if launcher == 'slurm':
        _slurm_environment()
    if not dist.is_initialized():
        settings = cfg.get('env_cfg', {}).get('dist_cfg', {})
        seconds = settings.get('timeout', GROUP_TIMEOUT)
        dist.init_process_group('gloo', timeout=timedelta(seconds=seconds))
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False)


def _settle_loaders(cfg: Config) -> None:
    """Leave out of dataloaders what torch would refuse, warn of or wait for.

    A timeout of 0, which is torch's default, waits for ever.
    """
    for name in LOADERS:
        loader = cfg.get(name)
        if loader is None:
            continue
        if not torch.cuda.is_available():
            loader.pin_memory = False
        if loader.get('num_workers'):
            loader.setdefault('timeout', LOADER_TIMEOUT)
        else:
            for key in ('timeout', 'persistent_workers', 'prefetch_factor'):
                loader.pop(key, None)


def use_amp(cfg: Config, dtype: str = 'fp16') -> None:
    """Train in mixed precision.

    Args:
        cfg (Config): Changed in place.
        dtype (str): ``'bf16'``, which needs no loss scaling and runs on
            processors too, or ``'fp16'``, for which there must be a GPU.
    """
    if dtype == 'bf16':
        cfg.optim_wrapper.type = 'AutocastOptimWrapper'
    elif torch.cuda.is_available():
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.dtype = 'float16'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    else:
        print_log(
            '--amp fp16 needs a GPU; training goes on in float32',
            logger='current',
            level=30)


def _override(cfg: Config, options: Union[Mapping[str, Any], Sequence[str]],
              processes: int) -> None:
    """Change settings; the batch of all processes follows that of each."""
    if not isinstance(options, Mapping):
        pairs = (option.split('=', maxsplit=1) for option in options)
        options = {k: DictAction._parse_iterable(v) for k, v in pairs}
    cfg.merge_from_dict(dict(options))
    batch = options.get('train_dataloader.batch_size')
    if batch is None:
        return
    _check_batch('train_dataloader.batch_size', batch)
    if 'global_batch_size' not in cfg:
        return
    total = options.get('global_batch_size', batch * processes)
    if total != batch * processes:
        raise ValueError(
            f'global_batch_size={total} contradicts train_dataloader.'
            f'batch_size={batch} on each of {processes} processes; set one '
            'of them')
    cfg.global_batch_size = total


def load_config(
    path: str,
    launcher: str = 'none',
    data_root: Optional[str] = None,
    work_dir: Optional[str] = None,
    cfg_options: Union[Mapping[str, Any], Sequence[str],
                       None] = None) -> Config:
    """Read a config and apply what every tool offers.

    Args:
        path (str): Config file.
        launcher (str): What started the processes: ``'none'``,
            ``'pytorch'`` or ``'slurm'``.
        data_root (str, optional): ``data_root`` of every data set.
        work_dir (str, optional): Where results go; the default is
            ``work_dirs/<name of the config>``.
        cfg_options (Mapping | Sequence[str], optional): Overrides by dotted
            keys, or as ``K=V`` from a command line. The batch of
            ``train_dataloader`` is that of each process; a
            ``global_batch_size`` follows from it.

    Returns:
        Config: Ready for ``Runner.from_cfg``.

    Raises:
        FileNotFoundError: If the config or the data root is missing.
        ValueError: If an option contradicts another, or a batch is no
            positive number.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: no such config')
    cfg = Config.fromfile(path)
    if data_root is not None:
        _set_data_root(cfg, data_root)
    if cfg_options:
        _override(cfg, cfg_options, _world_size(launcher))
    cfg.launcher = launcher
    name = osp.splitext(osp.basename(path))[0]
    cfg.work_dir = work_dir or cfg.get('work_dir') or osp.join(
        'work_dirs', name)
    _settle_loaders(cfg)
    if cfg.get('randomness', {}).get('deterministic'):
        # cuBLAS reads it when the first CUDA kernel runs.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
        cfg.merge_from_dict({'env_cfg.cudnn_benchmark': False})
    _use_gloo_without_gpu(cfg, launcher)
    return cfg


def run(cfg: Config, mode: str) -> None:
    """Train or test, with a quiet console and a complete log.

    Args:
        cfg (Config): Of :func:`load_config`.
        mode (str): ``'train'`` or ``'test'``.

    Raises:
        ValueError: If the config has no SafeCheckpointHook.
        RuntimeError: See :func:`fnac_mm.engine.failures.explained_failures`.
    """
    with explained_failures():
        runner = ConsoleRunner.from_cfg(cfg)
        if not any(isinstance(h, SafeCheckpointHook) for h in runner.hooks):
            raise ValueError(
                'no hook is a SafeCheckpointHook, without which a file of '
                'weights may run code and need not fit the model; set '
                'default_hooks.checkpoint.type=SafeCheckpointHook (with '
                'interval=-1 it saves nothing)')
        if mode == 'train':
            each = cfg.train_dataloader.get('batch_size')
            runner.logger.info(f'batch: {each} on each of '
                               f'{runner.world_size} process(es), '
                               f'{each and each * runner.world_size} in all')
        try:
            getattr(runner, mode)()
        except Exception:
            # Below what the console shows: there it is a sentence.
            runner.logger.info('ended by an error', exc_info=True)
            raise
        finally:
            for hook in runner.hooks:
                if isinstance(hook, ConsoleHook):
                    hook.close()
