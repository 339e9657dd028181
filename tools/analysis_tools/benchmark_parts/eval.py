"""Evaluation on one core: where the time of a clip goes, and the memory.

Synthetic clips in the layout of VGG-SS, a network of random weights and the
published pipeline and metric, all in one thread of this process.
"""
import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List

import torch
from benchmark_parts.common import process_memory
from mmengine import Config
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils.data import DataLoader

from fnac_mm.datasets import collate_av
from fnac_mm.registry import DATASETS, METRICS, MODELS

ROOT = Path(__file__).resolve().parents[3]
MODEL_CONFIGS = dict(
    published='_base_/models/fnac_resnet18.py',
    tiny='_base_/models/fnac_tiny.py')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this part."""
    add = parser.add_argument
    add('--num-clips', type=int, default=500)
    add('--batch-size', type=int, default=32)
    add('--network', choices=list(MODEL_CONFIGS), default='published')
    add('--device', default='cpu', help='of the forward')
    add('--data-root', type=Path, help='keep the clips here for another run')


def make_clips(folder: Path, num_clips: int) -> Dict[str, Any]:
    """Config of clips of 10 s with frames of 455 x 256, made if they lack."""
    tool = ROOT / 'tools/dataset_converters/make_synthetic.py'
    flags = '--num-train=0 --num-val=0 --width=455 --height=256 --duration=10'
    subprocess.run([sys.executable, tool, folder, f'--num-test={num_clips}'] +
                   flags.split(), check=True)  # yapf: disable
    config = Config.fromfile(
        ROOT / 'configs/_base_/datasets/published.py').test_dataloader.dataset
    return dict(
        config,
        type='VGGSS',
        data_root=str(folder),
        data_prefix=dict(img_path='test/frames', audio_path='test/audio'),
        list_file='metadata/test.csv',
        ann_file='metadata/test.json')


def make_model(network: str) -> nn.Module:
    """Localizer with object prior, whose weights stay as they are drawn."""
    torch.manual_seed(0)
    config = Config.fromfile(ROOT / 'configs' / MODEL_CONFIGS[network]).model
    weights = dict(type='Pretrained', checkpoint='')
    backbone = dict(config.image_encoder, init_cfg=weights)
    config.object_prior = dict(type='ObjectPrior', backbone=backbone)
    model = MODELS.build(config)
    # So that it does not read its weights before the first picture.
    model.object_prior.is_init = True
    return model.eval()


@torch.no_grad()
def seconds_of_parts(loader: DataLoader, model: nn.Module) -> Dict[str, float]:
    """Evaluate all clips, as ``Runner.test`` does; see the table for parts."""
    evaluator = Evaluator(METRICS.build(dict(type='LocalizationMetric')))
    evaluator.dataset_meta = loader.dataset.metainfo
    seconds: Dict[str, float] = defaultdict(float)
    start = time.process_time()

    def count(part: str) -> None:
        nonlocal start
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.process_time()
        seconds[part] += now - start
        start = now

    for batch in loader:
        count('reading')
        data = model.data_preprocessor(batch, False)
        count('preprocessing')
        samples = model(**data, mode='predict')
        count('forward')
        evaluator.process(samples, batch)
        count('scoring')
    evaluator.evaluate(len(loader.dataset))
    count('scoring')
    return seconds


def run(args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Measure; rows of ``what``, ``value`` and ``unit``."""
    torch.set_num_threads(1)
    init_default_scope('fnac_mm')
    MMLogger.get_current_instance().setLevel('WARNING')
    with tempfile.TemporaryDirectory() as folder:
        clips = args.data_root or Path(folder) / 'clips'
        dataset = DATASETS.build(make_clips(clips, args.num_clips))
        model = make_model(args.network).to(args.device)
        seconds = seconds_of_parts(
            DataLoader(dataset, args.batch_size, collate_fn=collate_av), model)
    both = seconds['preprocessing'] + seconds['scoring']
    seconds['preprocessing and scoring'] = both
    rows = [
        dict(what=part, value=1e3 * value / args.num_clips, unit='ms a clip')
        for part, value in seconds.items()
    ]
    peak = process_memory('VmHWM') / 2**20
    return [*rows, dict(what='peak of the process', value=peak, unit='MiB')]
