"""Evaluation: from files to numbers, in batches and one by one.

Both ways read the same synthetic clips, run the same random network and
must find the same numbers; otherwise there is no table.
"""
import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

import numpy as np
import torch
from benchmark_parts.common import seconds_in_turn
from benchmark_parts.eval_ways import Batched, Clock, Found, Maps, OneByOne
from mmengine import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils.data import Dataset

from fnac_mm.registry import DATASETS, MODELS

ROOT = Path(__file__).resolve().parents[3]
MODEL_CONFIGS = dict(
    published='_base_/models/fnac_resnet18.py',
    tiny='_base_/models/fnac_tiny.py')
# Float32 rounds otherwise in a batch than alone, so that a few of 50,176
# pixels change sides at the threshold.
CIOU_TOLERANCE = 1e-3
# Percent: what the tables print.
PRINTED_TOLERANCE = 0.005

Way = Union[OneByOne, Batched]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this part.

    Args:
        parser (argparse.ArgumentParser): Parser of the part.
    """
    add = parser.add_argument
    add('--versus', choices=['one-by-one'], default='one-by-one')
    add('--num-clips', type=int, default=500)
    add('--batch-size', type=int, default=64, help='of fnac_mm')
    add('--num-workers', type=int, default=2, help='loaders, of both ways')
    add('--network', choices=list(MODEL_CONFIGS), default='published')
    add('--device', default='cpu')
    add('--repeats', type=int, default=5, help='rounds of the scoring alone')
    add('--data-root', type=Path, help='keep the clips here for another run')


def make_clips(folder: Path, num_clips: int) -> Dataset:
    """Clips of 10 s with frames of 455 x 256, in the layout of VGG-SS.

    Args:
        folder (Path): Where to; complete files are kept.
        num_clips (int): How many.

    Returns:
        Dataset: With the published test pipeline.
    """
    tool = ROOT / 'tools' / 'dataset_converters' / 'make_synthetic.py'
    options = dict(
        num_train=0,
        num_val=0,
        num_test=num_clips,
        width=455,
        height=256,
        duration=10)
    flags = [
        f'--{key.replace("_", "-")}={value}' for key, value in options.items()
    ]
    subprocess.run([sys.executable, tool, folder, *flags], check=True)
    config = Config.fromfile(
        ROOT / 'configs/_base_/datasets/published.py').test_dataloader.dataset
    return DATASETS.build(
        dict(
            config,
            type='VGGSS',
            data_root=str(folder),
            data_prefix=dict(img_path='test/frames', audio_path='test/audio'),
            list_file='metadata/test.csv',
            ann_file='metadata/test.json'))


def make_model(network: str, folder: Path, device: str) -> nn.Module:
    """Localizer with object prior, of random weights.

    Args:
        network (str): Key of ``MODEL_CONFIGS``.
        folder (Path): The prior's weights are read from a file there.
        device (str): Where it runs.

    Returns:
        nn.Module: In evaluation mode.
    """
    torch.manual_seed(0)
    config = Config.fromfile(ROOT / 'configs' / MODEL_CONFIGS[network]).model
    config.image_encoder.pop('init_cfg', None)
    classifier = MODELS.build(config.image_encoder)
    classifier.init_weights()
    weights = folder / 'classifier.pth'
    torch.save(classifier.state_dict(), weights)
    config.object_prior = dict(
        type='ObjectPrior',
        backbone=dict(
            config.image_encoder,
            init_cfg=dict(type='Pretrained', checkpoint=str(weights))))
    model = MODELS.build(config)
    model.init_weights()
    return model.to(device).eval()


def seconds_of(way: Way, indices: Sequence[int], num_workers: int,
               read_only: bool) -> float:
    """Go once through some clips.

    Args:
        way (OneByOne | Batched): The way.
        indices (Sequence[int]): Of the clips.
        num_workers (int): Processes that read.
        read_only (bool): Only read them.

    Returns:
        float: Seconds.
    """
    start = time.perf_counter()
    for batch in way.loader(indices, num_workers):
        if not read_only:
            way.step(batch)
    return time.perf_counter() - start


def check_equal(expected: Found, found: Found, tolerance: float) -> float:
    """Compare what two ways found.

    Args:
        expected (tuple[dict, dict]): cIoUs by kind of map, and numbers.
        found (tuple[dict, dict]): The same, which may hold more kinds.
        tolerance (float): Of the cIoU of a clip.

    Returns:
        float: Largest difference of a clip's cIoU.

    Raises:
        RuntimeError: If they differ.
    """
    remark = 'ways that find other numbers are not compared in speed'
    largest = 0.0
    for kind, cious in expected[0].items():
        difference = np.abs(found[0][kind] - cious)
        worst = int(difference.argmax())
        if not difference[worst] <= tolerance:
            raise RuntimeError(
                f'{kind}: cIoU of clip {worst} is {cious[worst]} one by one '
                f'and {found[0][kind][worst]} in batches; {remark}')
        largest = max(largest, float(difference[worst]))
    for key, value in expected[1].items():
        if not abs(found[1][key] - value) <= PRINTED_TOLERANCE:
            raise RuntimeError(f'{key} is {value} one by one and '
                               f'{found[1][key]} in batches; {remark}')
    return largest


def measure_scoring(usual: OneByOne, ours: Batched,
                    repeats: int) -> Dict[str, float]:
    """Seconds of the scoring alone, of the same small maps.

    Args:
        usual (OneByOne): One way.
        ours (Batched): The other, which has predicted the maps.
        repeats (int): Rounds.

    Returns:
        dict[str, float]: By way; ``metric`` is ours with what the usual way
        does not have: checked rows of each sample for the file of results,
        and baselines.

    Raises:
        RuntimeError: If a cIoU differs in any digit.
    """
    samples = ours.samples
    maps: Maps = [(s.pred_map.data.cpu(), s.pred_object_map.data.cpu())
                  for s in samples]
    usual.score(maps)
    ours.score(samples)
    check_equal(usual.found(), ours.found(), tolerance=0)
    check_equal(usual.found(), ours.score_only(samples), tolerance=0)

    alternatives = {
        usual.name: lambda: usual.score(maps),
        ours.name: lambda: ours.score_only(samples),
        'metric': lambda: ours.score(samples)
    }
    times = seconds_in_turn(alternatives, repeats)
    return {name: statistics.median(values) for name, values in times.items()}


def measure(usual: OneByOne, ours: Batched, clock: Clock,
            args: argparse.Namespace) -> Dict[str, Tuple[float, float]]:
    """Seconds of all clips, one by one and in batches, by part.

    Args:
        usual (OneByOne): One way.
        ours (Batched): The other.
        clock (Clock): Of the parts of both.
        args (argparse.Namespace): See :func:`add_arguments`.

    Returns:
        dict[str, tuple[float, float]]: By part.

    Raises:
        RuntimeError: If the ways disagree.
    """
    ways: Tuple[Way, Way] = (usual, ours)
    every = range(args.num_clips)
    inside: Tuple[Dict[str, float], ...] = ({}, {})
    for start in range(0, args.num_clips, args.batch_size):
        for way, clock.seconds in zip(ways, inside):
            block = every[start:start + args.batch_size]
            seconds_of(way, block, 0, read_only=False)
    largest = check_equal(usual.found(), ours.found(), CIOU_TOLERANCE)
    print(f'same numbers; cIoUs of clips differ by {largest:.1e} at most\n')
    scoring = measure_scoring(usual, ours, args.repeats)
    reading, chain = ([
        seconds_of(way, every, args.num_workers, read_only) for way in ways
    ] for read_only in (True, False))
    inside[0]['preprocessing'] = 0.0
    parts = {
        'reading': tuple(reading),
        'preprocessing': tuple(s['preprocessing'] for s in inside),
        'maps and samples': tuple(s['maps'] for s in inside),
        'scoring': (scoring[usual.name], scoring[ours.name])
    }
    rest = tuple(sum(both) for both in zip(*parts.values()))
    return {
        **parts, 'scoring with rows and baselines':
        (scoring[usual.name], scoring['metric']),
        'all but the forward':
        rest,
        'forward':
        tuple(s['forward'] for s in inside),
        'whole chain':
        tuple(chain)
    }


def table(seconds: Mapping[str, Tuple[float, float]],
          num_clips: int) -> List[Dict[str, Any]]:
    """Rows of the benchmark.

    Args:
        seconds (Mapping[str, tuple[float, float]]): See :func:`measure`.
        num_clips (int): How many.

    Returns:
        list[dict]: Milliseconds per clip, ratio, share of the chain.
    """
    usual_chain, our_chain = seconds['whole chain']
    return [{
        'part':
        part,
        'one by one, ms per clip':
        1e3 * usual / num_clips,
        'fnac_mm, ms per clip':
        1e3 * ours / num_clips,
        'times as fast':
        usual / ours if usual else '-',
        'of the chain':
        f'{usual / usual_chain:.0%}, {ours / our_chain:.0%}',
    } for part, (usual, ours) in seconds.items()]


def run(args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Measure both ways on the same clips, in turn.

    Args:
        args (argparse.Namespace): See :func:`add_arguments`.

    Returns:
        list[dict]: See :func:`table`.

    Raises:
        RuntimeError: If the ways disagree.
    """
    init_default_scope('fnac_mm')
    # Every weight's initialisation is logged.
    MMLogger.get_current_instance().setLevel('WARNING')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = args.data_root or folder / 'clips'
        dataset = make_clips(clips, args.num_clips)
        model = make_model(args.network, folder, args.device)
        clock = Clock(torch.device(args.device))
        clock.attach(model)
        usual = OneByOne(dataset, model, clock)
        ours = Batched(dataset, model, clock, args.batch_size)
        return table(measure(usual, ours, clock, args), args.num_clips)
