"""Every config loads, is short, and builds."""
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import FUNCTIONS, DefaultScope

import fnac_mm.registry as registry
from fnac_mm.datasets import collate_av

ROOT = Path(__file__).resolve().parent.parent
ALL = sorted((ROOT / 'configs').glob('*.py'))
# They test on several sets, and train on none.
BENCHMARKS = [p for p in ALL if p.stem.endswith('all_benchmarks')]
LEAVES = [p for p in ALL if p not in BENCHMARKS]

# benchmarks.md 5.3, column of the shell scripts
PUBLISHED = {
    'train_cfg.max_epochs': 30,
    'global_batch_size': 256,
    'optim_wrapper.optimizer.type': 'Adam',
    'optim_wrapper.optimizer.lr': 1e-4,
    'optim_wrapper.optimizer.weight_decay': 1e-4,
    'custom_hooks.0.warmup_epochs': 5,
    'model.image_dropout': 0.9,
    'model.audio_dropout': 0.0,
    'model.embed_dims': 512,
    'model.loss.temperature': 0.03,
    'model.loss.foreground_threshold': 0.6,
    'model.loss.fns_audio_weight': 100,
    'model.loss.tne_weight': 100,
    'model.loss.fns_visual_weight': 100,
    'randomness.seed': 12345,
    'train_dataloader.drop_last': True,
    'model.data_preprocessor.masks':
    dict(max_width=10, axis_bug=True, fill=0.0),
    'test_evaluator.protocol': 'fnac_test',
}
EXCLUDED = dict(
    fnac_flickr=['metadata/flickr_test.csv'],
    fnac_vggsound=['metadata/vggss_test.csv'],
    # Its splits have no clip in common.
    fnac_avsbench=None)


def _get(cfg: Config, dotted: str) -> object:
    value = cfg
    for key in dotted.split('.'):
        if isinstance(value, list) and not key.isdigit():
            value = value[0]  # of several metrics
        value = value[int(key)] if key.isdigit() else value[key]
    return value


@pytest.mark.parametrize('path', LEAVES, ids=lambda p: p.stem)
def test_leaf_is_short_and_builds(path) -> None:
    assert len(path.read_text().splitlines()) <= 25
    cfg = Config.fromfile(path)
    cfg.model.object_prior = None
    for key in ('image_encoder', 'audio_encoder'):
        cfg.model[key].pop('init_cfg', None)
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        model = registry.MODELS.build(cfg.model)
        for loader in (cfg.train_dataloader, cfg.test_dataloader):
            for transform in loader.dataset.pipeline:
                registry.TRANSFORMS.build(transform)
            assert FUNCTIONS.get(loader.collate_fn.type) is collate_av
        Evaluator(cfg.test_evaluator)
    assert sum(p.numel() for p in model.parameters()) > 0


@pytest.mark.parametrize(
    'path', [p for p in LEAVES if 'synthetic' not in p.stem],
    ids=lambda p: p.stem)
def test_paper_configs_hold_the_published_settings(path) -> None:
    cfg = Config.fromfile(path)
    assert {key: _get(cfg, key) for key in PUBLISHED} == PUBLISHED
    family = next(name for name in EXCLUDED if path.stem.startswith(name))
    assert cfg.train_dataloader.dataset.get('exclude') == EXCLUDED[family]


@pytest.mark.parametrize('path', BENCHMARKS, ids=lambda p: p.stem)
def test_benchmarks_build(path) -> None:
    """Their data sets are built in test_benchmark_loop.py."""
    cfg = Config.fromfile(path)
    assert len(path.read_text().splitlines()) <= 25
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        for transform in cfg.test_cfg.pipeline:
            registry.TRANSFORMS.build(transform)
        assert FUNCTIONS.get(cfg.test_dataloader.collate_fn.type) is collate_av
        for benchmark in cfg.test_cfg.benchmarks:
            assert registry.DATASETS.get(benchmark.dataset.type) is not None
            Evaluator(benchmark.evaluator)
    published = Config.fromfile(ROOT / 'configs' / 'fnac_vggsound.py')
    if 'synthetic' not in path.stem:
        own = [dict(step) for step in cfg.test_cfg.pipeline]
        theirs = published.test_dataloader.dataset.pipeline
        assert own == [dict(step) for step in theirs]


def test_the_named_configs_are_there() -> None:
    names = {path.stem for path in ALL}
    assert names >= {
        'fnac_vggsound', 'fnac_vggsound10k', 'fnac_vggsound_heard',
        'fnac_flickr', 'fnac_flickr10k', 'fnac_synthetic', 'fnac_avsbench_s4',
        'fnac_avsbench_ms3', 'fnac_all_benchmarks'
    }
