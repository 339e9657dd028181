"""Evaluation: from files to numbers, in batches and one by one.

Both ways read the same synthetic clips, run the same random network and
must find the same numbers; otherwise there is no table.
"""
import argparse
import copy
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence, Union

import numpy as np
import torch
from benchmark_parts.common import seconds_in_turn
from benchmark_parts.eval_ways import Batched, Clock, Found, OneByOne
from benchmark_parts.one_by_one import PASSES
from mmengine import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch import nn

from fnac_mm.datasets.packed.writer import MediaPacker
from fnac_mm.models.fast_encoders import fast_encoders
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

# Ways by name: the two passes of the usual one by their protocols; ours, which
# does both at once; what of ours the first of them needs.
FIRST = 'fnac_test'
OURS = 'fnac_mm'
OURS_FIRST = 'fnac_mm, first pass only'

Way = Union[OneByOne, Batched]
# Milliseconds per clip of each way.
Times = Dict[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this part.

    Args:
        parser (argparse.ArgumentParser): Parser of the part.
    """
    add = parser.add_argument
    add('--versus', choices=['one-by-one'], default='one-by-one')
    add('--num-clips', type=int, default=500)
    add('--batch-size', type=int, default=32, help='of fnac_mm')
    add('--num-workers', type=int, default=2, help='loaders, of both ways')
    add('--network', choices=list(MODEL_CONFIGS), default='published')
    add('--device', default='cpu')
    add('--rounds',
        type=int,
        default=5,
        help='equal parts of the clips, of which the ways do one in turn; '
        'what is shown is the median')
    add('--data-root', type=Path, help='keep the clips here for another run')
    add('--packed',
        action='store_true',
        help='fnac_mm reads packed clips, which are made first')


def make_clips(folder: Path, num_clips: int) -> Dict[str, Any]:
    """Clips of 10 s with frames of 455 x 256, in the layout of VGG-SS.

    Args:
        folder (Path): Where to; complete files are kept.
        num_clips (int): How many.

    Returns:
        dict: Config of the data set, with the published test pipeline.
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
    return dict(
        config,
        type='VGGSS',
        data_root=str(folder),
        data_prefix=dict(img_path='test/frames', audio_path='test/audio'),
        list_file='metadata/test.csv',
        ann_file='metadata/test.json')


def pack_clips(config: Dict[str, Any], folder: Path) -> Dict[str, Any]:
    """What ``pack_dataset.py --split test`` does: the same pixels and sounds.

    Args:
        config (dict): Of :func:`make_clips`.
        folder (Path): Where to.

    Returns:
        dict: Config of the same data set, packed.
    """
    files = DATASETS.build(dict(config, pipeline=[]))
    MediaPacker(folder, config['pipeline']).pack(files, 1)
    return dict(config, packed=str(folder))


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


def seconds_of(way: Way, indices: Sequence[int], num_workers: int) -> float:
    """Go once through some clips.

    Args:
        way (OneByOne | Batched): The way.
        indices (Sequence[int]): Of the clips.
        num_workers (int): Processes that read.

    Returns:
        float: Seconds.
    """
    start = time.perf_counter()
    for batch in way.loader(indices, num_workers):
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


def check_ways(ways: Mapping[str, Way]) -> None:
    """Compare what all ways found.

    Args:
        ways (Mapping[str, OneByOne | Batched]): After all clips.

    Raises:
        RuntimeError: If they differ; over the chain by more than roundings,
            from the same maps in any digit.
    """
    ours, largest = ways[OURS], 0.0
    samples, maps = ours.samples, ours.small_maps()
    for protocol in PASSES:
        usual = ways[protocol]
        largest = max(
            largest,
            check_equal(usual.found(), ours.found(protocol), CIOU_TOLERANCE))
        usual.score(maps)
        score_only = partial(ours.score_only, maps, protocol)
        for found in (ours.score(samples,
                                 protocol), score_only(ours.batch_size),
                      score_only(len(maps))):
            check_equal(usual.found(), found, tolerance=0)
    print(f'same numbers; cIoUs of clips differ by {largest:.1e} at most\n')


def measure_parts(ways: Mapping[str, Way], clock: Clock, num_clips: int,
                  rounds: int) -> Dict[str, Times]:
    """Each part of the work, in this process.

    Args:
        ways (Mapping[str, OneByOne | Batched]): In the order of their turns.
        clock (Clock): Of the parts of all.
        num_clips (int): How many.
        rounds (int): Turns.

    Returns:
        dict[str, dict[str, float]]: By part.
    """
    found: Dict[str,
                Dict[str,
                     List[float]]] = defaultdict(lambda: defaultdict(list))
    for clips in np.array_split(np.arange(num_clips), rounds):
        for name, way in ways.items():
            clock.seconds = {}
            seconds_of(way, clips.tolist(), 0)
            for part, seconds in clock.seconds.items():
                found[part][name].append(1e3 * seconds / len(clips))
    return {
        part: {
            name: statistics.median(v)
            for name, v in times.items()
        }
        for part, times in found.items()
    }


def milliseconds(calls: Mapping[str, Callable[[], Any]], num_clips: int,
                 rounds: int) -> Times:
    """Median over rounds, for a clip.

    Args:
        calls (Mapping[str, Callable]): Each goes through all clips.
        num_clips (int): How many.
        rounds (int): Turns.

    Returns:
        dict[str, float]: By name.
    """
    return {
        name: 1e3 * statistics.median(values) / num_clips
        for name, values in seconds_in_turn(calls, rounds).items()
    }


def measure_scoring(ways: Mapping[str, Way], num_clips: int,
                    rounds: int) -> Dict[str, Times]:
    """The scoring alone, of the same small maps.

    Args:
        ways (Mapping[str, OneByOne | Batched]): After all clips.
        num_clips (int): How many.
        rounds (int): Turns.

    Returns:
        dict[str, dict[str, float]]: ``batches``, as they come from the
        network; ``alone``, all clips in one call; ``metric``, batches with
        what the usual way does not have: checked rows of each sample for the
        file of results, and baselines.
    """
    ours = ways[OURS]
    samples, maps = ours.samples, ours.small_maps()
    calls: Dict[str, Callable[[], Any]] = {}
    for protocol in PASSES:
        calls[protocol] = partial(ways[protocol].score, maps)
        score_only = partial(ours.score_only, maps, protocol)
        calls['batches' + protocol] = partial(score_only, ours.batch_size)
        calls['alone' + protocol] = partial(score_only, len(maps))
        calls['metric' + protocol] = partial(ours.score, samples, protocol)
    times = milliseconds(calls, num_clips, rounds)
    return {
        name: {
            **{
                protocol: times[protocol]
                for protocol in PASSES
            }, OURS_FIRST: times[name + FIRST],
            OURS: sum(times[name + protocol] for protocol in PASSES)
        }
        for name in ('batches', 'alone', 'metric')
    }


def measure_reading(ways: Mapping[str, Way], num_clips: int, num_workers: int,
                    rounds: int) -> Times:
    """The loaders alone, once their workers have started.

    Args:
        ways (Mapping[str, OneByOne | Batched]): In the order of their turns.
        num_clips (int): How many.
        num_workers (int): Processes that read.
        rounds (int): Turns.

    Returns:
        dict[str, float]: By way.
    """
    calls = {}
    for name, way in ways.items():
        loader = way.loader(range(num_clips), num_workers)
        calls[name] = partial(deque, loader, maxlen=0)
    return milliseconds(calls, num_clips, rounds)


def measure_chain(ways: Mapping[str, Way], num_clips: int, num_workers: int,
                  rounds: int) -> Times:
    """From files to scores, by the clock.

    Args:
        ways (Mapping[str, OneByOne | Batched]): In the order of their turns.
        num_clips (int): How many.
        num_workers (int): Processes that read.
        rounds (int): Turns.

    Returns:
        dict[str, float]: By way.
    """
    found: Dict[str, List[float]] = defaultdict(list)
    for clips in np.array_split(np.arange(num_clips), rounds):
        for name, way in ways.items():
            seconds = seconds_of(way, clips.tolist(), num_workers)
            found[name].append(1e3 * seconds / len(clips))
    return {name: statistics.median(v) for name, v in found.items()}


def complete(times: Times) -> Times:
    """Fill in what was not measured by itself.

    Args:
        times (dict[str, float]): Of some ways.

    Returns:
        dict[str, float]: Of all. What one way does not do takes no time; ours
        needs as long for the first pass as for both.
    """
    usual = {protocol: times.get(protocol, 0.0) for protocol in PASSES}
    return {**usual, OURS_FIRST: times[OURS], **times}


def table(parts: Mapping[str, Times]) -> List[Dict[str, Any]]:
    """Rows of the benchmark.

    Args:
        parts (Mapping[str, dict[str, float]]): Of :func:`complete`.

    Returns:
        list[dict]: Milliseconds per clip and ratios, of the first pass and
        of both.
    """
    rows = []
    for part, times in parts.items():
        row: Dict[str, Any] = dict(part=part)
        for title, usual, ours in (('first pass', times[FIRST],
                                    times[OURS_FIRST]),
                                   ('both', sum(times[p] for p in PASSES),
                                    times[OURS])):
            row[f'{title}: one by one, ms'] = usual
            row[f'{title}: {OURS}, ms'] = ours
            row[f'{title}: times as fast'] = usual / ours if usual else '-'
        rows.append(row)
    return rows


def run(args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Measure both ways on the same clips, in turn.

    Args:
        args (argparse.Namespace): See :func:`add_arguments`.

    Returns:
        list[dict]: See :func:`table`.

    Raises:
        ValueError: If there are fewer clips than rounds.
        RuntimeError: If the ways disagree.
    """
    if not 1 <= args.rounds <= args.num_clips:
        raise ValueError(f'--rounds {args.rounds}: at least one, and at most '
                         f'as many as there are clips ({args.num_clips})')
    init_default_scope('fnac_mm')
    # Every weight's initialisation is logged.
    MMLogger.get_current_instance().setLevel('WARNING')
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clips = args.data_root or folder / 'clips'
        config = make_clips(clips, args.num_clips)
        dataset = DATASETS.build(config)
        if args.packed:
            config = pack_clips(config, folder / 'packed')
        model = make_model(args.network, folder, args.device)
        fast = copy.deepcopy(model)
        # As FastEncodersHook does.
        stack.enter_context(fast_encoders(fast))
        clock = Clock(torch.device(args.device))
        clock.attach(model)
        clock.attach(fast)
        ways: Dict[str, Way] = {
            protocol: OneByOne(dataset, model, clock, protocol)
            for protocol in PASSES
        }
        ways[OURS] = Batched(
            DATASETS.build(config), fast, clock, args.batch_size)
        turns = args.num_clips, args.rounds
        inside = measure_parts(ways, clock, *turns)
        check_ways(ways)
        scoring = measure_scoring(ways, *turns)
        reading = measure_reading(ways, args.num_clips, args.num_workers,
                                  args.rounds)
        chain = measure_chain(ways, args.num_clips, args.num_workers,
                              args.rounds)
    parts = {
        'reading': reading,
        'preprocessing': inside['preprocessing'],
        'maps and samples': inside['maps'],
        'scoring': scoring['batches']
    }
    parts = {name: complete(times) for name, times in parts.items()}
    rest = {
        way: sum(times[way] for times in parts.values())
        for way in parts['scoring']
    }
    return table({
        **parts, 'all but the forward': rest,
        'scoring alone': scoring['alone'],
        'scoring with rows and baselines': scoring['metric'],
        'forward': complete(inside['forward']),
        'whole chain': complete(chain)
    })
