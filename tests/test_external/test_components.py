"""A loss, a backbone and a data set of another project; other backbones."""
import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from mmengine.runner import Runner

from fnac_mm.engine.launch import load_config
from tests.conftest import ROOT, run_python

LOSS = '''
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

from fnac_mm.models import GlobalBatchLoss


@MODELS.register_module()
class InfoNCE(GlobalBatchLoss):

    def terms(self, visual, audio, gather, row_offset):
        logits = visual.mean(dim=(2, 3)) @ gather(audio).T / 0.07
        target = torch.arange(len(audio), device=audio.device) + row_offset
        return dict(nce=F.cross_entropy(logits, target))
'''

BACKBONE = '''
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class Patches(nn.Sequential):

    def __init__(self, width):
        super().__init__(nn.Conv2d(3, width, 16, 16), nn.ReLU())
'''

DATASET = '''
import csv
import json
from pathlib import Path

from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS


@DATASETS.register_module()
class OneBox(BaseDataset):
    """The middle of each picture sounds."""

    METAINFO = dict(dataset_name='one_box', combine='union', consensus=2)

    def __init__(self, split, **kwargs):
        self.split = split
        super().__init__(**kwargs)

    def load_data_list(self):
        folder = Path(self.data_root, self.split)
        return [
            dict(sample_id=path.stem, img_path=str(path),
                 audio_path=str(folder / 'audio' / f'{path.stem}.wav'),
                 gt_boxes=[[0.25, 0.25, 0.75, 0.75]])
            for path in sorted(folder.glob('frames/*'))
        ]
'''

# Small pictures, few at once; nothing but an epoch and its score.
SMALL = '''
_base_ = [r'{config}']
train_cfg = dict(max_epochs=1)
global_batch_size = 12
train_dataloader = dict(batch_size=12, num_workers=1)
val_dataloader = dict(num_workers=1)
test_dataloader = dict(num_workers=1)
'''

CONFIG = SMALL + '''
custom_imports = dict(imports=['their_loss', 'their_backbone', 'their_data'])
model = dict(
    image_encoder=dict(_delete_=True, type='mmengine.Patches', width=8),
    loss=dict(_delete_=True, type='mmengine.InfoNCE'))
_data = dict(
    _delete_=True, type='mmengine.OneBox', split='test', test_mode=True,
    data_root=r'{data}', pipeline={{{{_base_.test_pipeline}}}})
train_dataloader.update(
    dataset=dict(_data, split='train', test_mode=False))
val_dataloader.update(dataset=_data)
test_dataloader.update(dataset=_data)
'''


def test_a_loss_a_backbone_and_a_data_set(synthetic: Path,
                                          tmp_path: Path) -> None:
    """Each in a file of its own; our tools train and score, unchanged."""
    files = dict(their_loss=LOSS, their_backbone=BACKBONE, their_data=DATASET)
    for name, code in files.items():
        (tmp_path / f'{name}.py').write_text(code)
    config = tmp_path / 'theirs.py'
    config.write_text(
        CONFIG.format(
            config=ROOT / 'configs' / 'fnac_synthetic.py', data=synthetic))
    env = dict(os.environ, PYTHONPATH=f'{ROOT}{os.pathsep}{tmp_path}')
    work, out = tmp_path / 'work', tmp_path / 'out.json'
    done = run_python('tools/train.py', config, '--work-dir', work, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    log, = work.glob('*/*.log')
    assert 'loss_nce' in log.read_text()
    assert 'audio_visual/ciou' in done.stdout
    done = run_python(
        'tools/test.py',
        config,
        work / 'epoch_1.pth',
        '--work-dir',
        work,
        '--out',
        out,
        env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(out.read_text())['n'] == 7


def backbones() -> list:
    """Each row of the table in docs/components.md, by name."""
    text = (ROOT / 'docs' / 'components.md').read_text()
    rows = re.findall(r'^\| (.+) \| `(model = .+)` \|$', text, re.MULTILINE)
    missing = pytest.mark.skipif(
        find_spec('timm') is None, reason='timm is not installed')
    return [
        pytest.param(line, id=name, marks=[missing] if 'TIMM' in line else [])
        for name, line in rows
    ]


@pytest.mark.parametrize('line', backbones())
def test_another_backbone_is_one_line(line: str, synthetic: Path,
                                      tmp_path: Path) -> None:
    config = tmp_path / 'config.py'
    config.write_text(
        SMALL.format(config=ROOT / 'configs' / 'fnac_synthetic.py') + line)
    cfg = load_config(
        str(config), data_root=str(synthetic), work_dir=str(tmp_path))
    cfg.default_hooks.checkpoint = None
    for loader in (cfg.train_dataloader, cfg.val_dataloader,
                   cfg.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False, timeout=0)
    cfg.train_dataloader.dataset.pipeline[2].update(scale=72, crop_size=64)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.pipeline[2].scale = (64, 64)
    cfg.test_evaluator.out_file = str(tmp_path / 'out.json')
    runner = Runner.from_cfg(cfg)
    runner.train()
    score = runner.test()['audio_visual/ciou@0.5']
    assert 0 <= score <= 100
    assert json.loads((tmp_path / 'out.json').read_text())['n'] == 7


def test_there_is_a_row_for_each_kind() -> None:
    kinds = ('ResNet', 'MobileNetV2', 'ConvNeXt', 'VisionTransformer', 'TIMM')
    lines = [row.values[0] for row in backbones()]
    assert len(lines) == 5 and all(
        any(f'mmpretrain.{kind}' in line for line in lines) for kind in kinds)
