"""From a command line to a config."""
import os
from contextlib import nullcontext
from unittest import mock

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import CheckpointHook

from fnac_mm.engine import SafeCheckpointHook, launch

CONFIG = """
global_batch_size = 12
train_dataloader = dict(batch_size=12, dataset=dict(
    type='ConcatDataset', datasets=[
        dict(type='A', data_root='x'),
        dict(type='RepeatDataset', dataset=dict(type='B'))]))
val_dataloader = None
test_dataloader = dict(batch_size=5, dataset=dict(type='C', data_root='y'))
optim_wrapper = dict(type='OptimWrapper')
"""


@pytest.fixture()
def config(tmp_path):
    path = tmp_path / 'leaf.py'
    path.write_text(CONFIG)
    return str(path)


def test_data_root_reaches_every_data_set(config, tmp_path) -> None:
    cfg = launch.load_config(config, data_root=str(tmp_path))
    first, second = cfg.train_dataloader.dataset.datasets
    assert first.data_root == second.dataset.data_root == str(tmp_path)
    assert cfg.test_dataloader.dataset.data_root == str(tmp_path)
    assert 'data_root' not in cfg.train_dataloader.dataset
    assert cfg.work_dir == 'work_dirs/leaf'


def test_missing_files_are_named(config) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere'):
        launch.load_config(config, data_root='nowhere')
    with pytest.raises(FileNotFoundError, match='no.py: no such config'):
        launch.load_config('no.py')


@pytest.mark.parametrize('options, expected', [
    ({}, None),
    (dict(num_workers=2), launch.LOADER_TIMEOUT),
    (dict(num_workers=2, timeout=0), 0),
    (dict(num_workers=0, timeout=240), None),
    (dict(num_workers=0, persistent_workers=True, prefetch_factor=4), None),
    (dict(timeout=240), None),
])
def test_a_loader_with_workers_is_not_waited_for_for_ever(
        config, options, expected) -> None:
    options = {f'test_dataloader.{k}': v for k, v in options.items()}
    cfg = launch.load_config(config, cfg_options=options)
    assert cfg.test_dataloader.get('timeout') == expected
    assert not {'persistent_workers', 'prefetch_factor'} & set(
        cfg.test_dataloader)
    assert 'timeout' not in cfg.train_dataloader


@pytest.mark.parametrize('launcher, variable', [('pytorch', 'WORLD_SIZE'),
                                                ('slurm', 'SLURM_NTASKS')])
def test_the_batch_is_shared(config, monkeypatch, launcher, variable) -> None:
    monkeypatch.setattr(launch, '_use_gloo_without_gpu', lambda *a: None)
    monkeypatch.setenv(variable, '4')
    cfg = launch.load_config(config, launcher)
    launch.split_batch(cfg, launcher)
    assert cfg.train_dataloader.batch_size == 3
    assert cfg.test_dataloader.batch_size == 5
    monkeypatch.setenv(variable, '5')
    cfg = launch.load_config(config, launcher)
    with pytest.raises(ValueError, match='global_batch_size=10'):
        launch.split_batch(cfg, launcher)
    assert launch.load_config(config).train_dataloader.batch_size == 12


def test_the_batch_of_each_process_makes_the_global_one(config,
                                                        monkeypatch) -> None:
    monkeypatch.setattr(launch, '_use_gloo_without_gpu', lambda *a: None)
    monkeypatch.setenv('WORLD_SIZE', '3')
    options = ['train_dataloader.batch_size=4']
    cfg = launch.load_config(config, 'pytorch', cfg_options=options)
    launch.split_batch(cfg, 'pytorch')
    assert (cfg.train_dataloader.batch_size, cfg.global_batch_size) == (4, 12)
    with pytest.raises(ValueError, match='global_batch_size=8 contradicts'):
        launch.load_config(
            config, 'pytorch', cfg_options=options + ['global_batch_size=8'])


@pytest.mark.parametrize('option', [
    'train_dataloader.batch_size=abc', 'train_dataloader.batch_size=0',
    'global_batch_size=abc', 'global_batch_size=0'
])
def test_a_batch_is_a_positive_number(config, option: str) -> None:
    with pytest.raises(ValueError, match=f'{option.split("=")[0]} must be'):
        launch.split_batch(
            launch.load_config(config, cfg_options=[option]), 'none')


@pytest.mark.parametrize('safe', [True, False])
def test_the_log_says_the_batch_and_weights_are_loaded_safely(
        safe: bool, monkeypatch) -> None:
    runner = mock.Mock(
        hooks=[SafeCheckpointHook() if safe else CheckpointHook()],
        world_size=3)
    monkeypatch.setattr(launch.ConsoleRunner, 'from_cfg', lambda cfg: runner)
    cfg = Config(dict(train_dataloader=dict(batch_size=4)))
    with nullcontext() if safe else pytest.raises(
            ValueError, match='SafeCheckpointHook'):
        launch.run(cfg, 'train')
    assert runner.train.called == safe
    assert ('12 in all' in str(runner.logger.info.call_args)) == safe


def test_options_override(config) -> None:
    cfg = launch.load_config(
        config, work_dir='w', cfg_options={'test_dataloader.batch_size': 1})
    assert (cfg.test_dataloader.batch_size, cfg.work_dir) == (1, 'w')


def test_slurm_environment() -> None:
    slurm = dict(
        SLURM_NODELIST='n[1-2]',
        SLURM_PROCID='3',
        SLURM_NTASKS='4',
        MASTER_ADDR='n1')
    # Puts back what the function itself sets, for the tests that follow.
    with mock.patch.dict(os.environ, slurm, clear=True):
        launch._slurm_environment()
        assert os.environ == dict(
            slurm,
            RANK='3',
            WORLD_SIZE='4',
            LOCAL_RANK='0',
            MASTER_PORT='29500')


@pytest.mark.parametrize('gpu, dtype, expected', [
    (False, 'fp16', dict(type='OptimWrapper')),
    (True, 'fp16',
     dict(type='AmpOptimWrapper', loss_scale='dynamic', dtype='float16')),
    (False, 'bf16', dict(type='AutocastOptimWrapper')),
])
def test_amp(monkeypatch, gpu, dtype, expected) -> None:
    """Without a GPU fp16 stays float32."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu)
    cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper')))
    launch.use_amp(cfg, dtype)
    assert cfg.optim_wrapper == expected


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_synchronised_batch_norm_without_a_gpu_is_refused(config) -> None:
    with pytest.raises(ValueError, match="sync_bn='torch' needs a GPU"):
        launch.load_config(
            config, 'pytorch', cfg_options=dict(sync_bn='torch'))
    assert launch.load_config(
        config, cfg_options=dict(sync_bn='torch')).sync_bn == 'torch'


def test_data_sets_of_a_config(config) -> None:
    """Those that are wrapped, and not their wrappers."""
    cfg = Config.fromfile(config)
    assert [(name, dataset.type) for name, dataset in launch.dataset_cfgs(cfg)
            ] == [('train_dataloader', 'A'), ('train_dataloader', 'B'),
                  ('test_dataloader', 'C')]
