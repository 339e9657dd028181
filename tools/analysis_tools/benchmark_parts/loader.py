"""Clips a second that workers read, collate included.

Each clip is a 10 s recording (wav, 16 kHz, 16 bits) and a JPEG of 455x256
pixels at quality 90, made on the spot. Ours leaves normalisation and
spectrogram to the device.
"""
import argparse
import functools
import tempfile
from collections import deque
from pathlib import Path
from typing import Any, Dict, List

import cv2
import numpy as np
import soundfile
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from fnac_mm.datasets import collate_av
from fnac_mm.datasets.packed.writer import MediaPacker
from fnac_mm.models import AVDataPreprocessor
from fnac_mm.registry import DATASETS
from .common import ratios, seconds_in_turn
from .usual_loader import STD, UsualClips

CONFIG = Path(__file__).resolve().parents[3] / (
    'configs/_base_/datasets/published.py')
SIZE, RATE, SECONDS = (455, 256), 16000, 10
# Levels of grey, share of the pixels and log spectrogram: further from the
# usual way than this is another sample, not a faster one. Two levels: see
# fnac_mm.datasets.transforms.resizing.resize_short_edge.
LIMITS = dict(grey=2.001, pixels=0.01, audio=1e-3)


def make_clips(folder: Path, count: int) -> None:
    """Write ``frames/<id>.jpg`` and ``audio/<id>.wav``."""
    for name in ('frames', 'audio'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    time = np.arange(RATE * SECONDS) / RATE
    for index in range(count):
        rng = np.random.default_rng(index)
        # Smooth noise of all sizes, as uneven as a photograph.
        picture = sum(
            cv2.resize(
                rng.normal(size=(cells, 2 * cells, 3)) / cells**0.9,
                SIZE,
                interpolation=cv2.INTER_CUBIC)
            for cells in (4, 8, 16, 32, 64, 128))
        picture -= picture.min()
        picture *= 255 / picture.max()
        picture += rng.normal(0, 2, picture.shape)
        cv2.imwrite(
            str(folder / 'frames' / f'{index:05d}.jpg'),
            picture.clip(0, 255).astype(np.uint8),
            [cv2.IMWRITE_JPEG_QUALITY, 90])
        sound = 0.2 * np.sin(2 * np.pi * rng.uniform(100, 4000) * time)
        sound += rng.normal(0, 0.05, len(time))
        soundfile.write(folder / 'audio' / f'{index:05d}.wav', sound, RATE,
                        'PCM_16')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this part."""
    add = parser.add_argument
    add('--versus', choices=('usual', ), default='usual')
    add('--workers',
        type=int,
        nargs='+',
        default=[1, 2],
        help='processes; speeds are relative to the first')
    add('--num-clips', type=int, default=512)
    add('--batch-size', type=int, default=64)
    add('--repeats', type=int, default=5)
    add('--data-root', help='clips of an earlier run, or where to keep these')


def build_datasets(folder: Path) -> Dict[str, Any]:
    """The usual way, ours with single files, and packed, written if absent."""
    MMLogger.get_instance('benchmark', log_level='WARNING')
    config = dict(
        type='AVLocalizationDataset',
        data_root=str(folder),
        pipeline=Config.fromfile(CONFIG).train_pipeline)
    files = DATASETS.build(dict(config, pipeline=[]))
    MediaPacker(folder / 'packed', config['pipeline']).pack(files, 1)
    ours = dict(
        ours=DATASETS.build(config),
        packed=DATASETS.build(dict(config, packed='packed')))
    for dataset in ours.values():
        # As in training, where each sample draws from its own seed.
        dataset.set_epoch(0, 0)
    return dict(usual=UsualClips(folder), **ours)


def differences(usual: UsualClips,
                dataset: Any,
                count: int = 16) -> Dict[str, float]:
    """How far our samples are from the usual ones, as the network sees them.

    Returns:
        dict[str, float]: ``grey`` (levels, largest), ``pixels`` (share that
        differs, in the worst picture) and ``audio`` (largest difference of
        the log spectrograms, as they are before the division by 12).

    Raises:
        ValueError: If a difference is larger than the stated tolerance.
    """
    prepare = AVDataPreprocessor()
    scale = 255 * torch.tensor(STD).view(3, 1, 1)
    found = dict.fromkeys(LIMITS, 0.)
    for index in range(min(count, len(usual))):
        np.random.seed(index)
        image, audio, name = usual[index]
        np.random.seed(index)
        sample = dataset.pipeline(dataset.get_data_info(index))
        if sample['data_samples'].sample_id != name:
            raise ValueError(f'sample {index} is {name!r} in the usual way, '
                             f'{sample["data_samples"].sample_id!r} in ours')
        inputs = prepare(collate_av([sample]))['inputs']
        grey = ((inputs['image'][0] - image) * scale).abs()
        audio = 12 * (inputs['audio'][0] - audio).abs()
        for key, value in (('grey', grey.max()), ('audio', audio.max()),
                           ('pixels', (grey > 0.5).float().mean())):
            found[key] = max(found[key], float(value))
    if any(found[key] > limit for key, limit in LIMITS.items()):
        raise ValueError(f'not the samples of the usual way: {found}, '
                         f'tolerance {LIMITS}')
    return found


def run(args: argparse.Namespace) -> List[dict]:
    """Rows: medians over the rounds, ratios within a round."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.data_root or temporary)
        if not (folder / 'frames').is_dir():
            make_clips(folder, args.num_clips)
        return _measure(args, build_datasets(folder))


def _measure(args: argparse.Namespace, datasets: Dict[str, Any]) -> List[dict]:
    """Rows of all data sets with all numbers of workers."""
    found = {
        name: differences(datasets['usual'], data)
        for name, data in datasets.items() if name != 'usual'
    }
    calls: Dict[Any, Any] = {}
    for name, data in datasets.items():
        for workers in args.workers:
            loader = DataLoader(
                data,
                args.batch_size,
                shuffle=True,
                num_workers=workers,
                persistent_workers=workers > 0,
                collate_fn=None if name == 'usual' else collate_av)
            # Reads an epoch and keeps nothing.
            calls[name, workers] = functools.partial(deque, loader, maxlen=0)
    times: Dict[Any, List[float]] = seconds_in_turn(calls, args.repeats)
    rows = []
    for (name, workers), seconds in times.items():
        each = float(np.median(seconds)) / len(datasets[name])
        to_usual: Dict[Any, float] = ratios(times, ('usual', workers))
        to_first: Dict[Any, float] = ratios(times, (name, args.workers[0]))
        rows.append(
            dict(
                what=name,
                workers=workers,
                clips_per_s=1 / each,
                ms_per_clip=1000 * each,
                times_usual=to_usual[name, workers],
                times_fewer_workers=to_first[name, workers],
                **{
                    key: found[name][key] if name in found else '-'
                    for key in LIMITS
                }))
    return rows
