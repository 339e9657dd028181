"""Clips a second that workers read, collate included.

Each clip is a 10 s recording (wav, 16 kHz, 16 bits) and a JPEG of 455x256
pixels at quality 90, made on the spot. Ours leaves normalisation and
spectrogram to the device: what that costs on this CPU is a row of its own.
"""
import argparse
import functools
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import soundfile
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from fnac_mm.datasets import collate_av
from fnac_mm.datasets.media_packer import MediaPacker
from fnac_mm.models import AVDataPreprocessor
from fnac_mm.registry import DATASETS
from .common import ratios, seconds_in_turn
from .usual_loader import STD, UsualClips

CONFIG = Path(__file__).resolve().parents[3] / (
    'configs/_base_/datasets/published.py')
SIZE, RATE, SECONDS = (455, 256), 16000, 10

# Further from the usual way than this is another sample, not a faster one.
MAX_GREY, MAX_PIXELS, MAX_AUDIO = 1.0, 0.01, 1e-3


def make_picture(rng: np.random.Generator) -> Image.Image:
    """Smooth noise of all sizes, as uneven as a photograph."""
    total = np.zeros((SIZE[1], SIZE[0], 3))
    for cells in (4, 8, 16, 32, 64, 128):
        noise = rng.normal(size=(cells, 2 * cells, 3)) / cells**0.9
        total += np.stack([
            np.asarray(
                Image.fromarray(noise[..., c].astype(np.float32)).resize(
                    SIZE, Image.Resampling.BICUBIC)) for c in range(3)
        ], -1)
    total -= total.min()
    picture = 255 * total / total.max() + rng.normal(0, 2, total.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def make_clips(folder: Path, count: int) -> None:
    """Write ``frames/<id>.jpg`` and ``audio/<id>.wav``.

    Args:
        folder (Path): Where to.
        count (int): Clips.
    """
    for name in ('frames', 'audio'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    time = np.arange(RATE * SECONDS) / RATE
    for index in range(count):
        rng = np.random.default_rng(index)
        make_picture(rng).save(
            folder / 'frames' / f'{index:05d}.jpg', quality=90)
        sound = 0.2 * np.sin(2 * np.pi * rng.uniform(100, 4000) * time)
        sound += rng.normal(0, 0.05, len(time))
        soundfile.write(folder / 'audio' / f'{index:05d}.wav', sound, RATE,
                        'PCM_16')


def config_of_files(folder: Path, backend: str = 'window') -> dict:
    """Our data set of single files, with the pipeline of the configs.

    Args:
        folder (Path): Clips.
        backend (str): ``'pillow'`` decodes and resizes by Pillow. Defaults
            to 'window'.

    Returns:
        dict: Config of a data set.
    """
    pipeline = Config.fromfile(CONFIG).train_pipeline
    for step in pipeline:
        if step.type == 'ResizeRandomCrop':
            step.backend = backend
        elif step.type == 'LoadImage' and backend == 'pillow':
            step.imdecode_backend = 'pillow'
    return dict(
        type='AVLocalizationDataset', data_root=str(folder), pipeline=pipeline)


def config_of_packed(folder: Path) -> dict:
    """Our data set read from packed data, which is made if absent.

    Args:
        folder (Path): Clips; ``packed`` is written below it.

    Returns:
        dict: Config of a data set.
    """
    config = config_of_files(folder)
    files = DATASETS.build(dict(config, pipeline=[]))
    MediaPacker(folder / 'packed', config['pipeline']).pack(files, 1)
    return dict(config, packed='packed')


# What is measured: from a folder of clips to the config of a data set.
OURS: Dict[str, Callable[[Path], dict]] = {
    'pillow': functools.partial(config_of_files, backend='pillow'),
    'ours': config_of_files,
    'packed': config_of_packed,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this part.

    Args:
        parser (argparse.ArgumentParser): Of this part.
    """
    parser.add_argument('--versus', choices=('usual', 'none'), default='usual')
    parser.add_argument(
        '--workers',
        type=int,
        nargs='+',
        default=[1, 2],
        help='processes; speeds are relative to the first')
    parser.add_argument('--num-clips', type=int, default=512)
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument(
        '--only', nargs='+', choices=tuple(OURS), default=list(OURS))
    parser.add_argument(
        '--dataset',
        action='append',
        default=[],
        metavar='NAME=CONFIG',
        help='also measure train_dataloader.dataset of this config')
    parser.add_argument(
        '--data-root', help='clips of an earlier run, or where to keep these')


def build_datasets(args: argparse.Namespace,
                   folder: Path) -> Dict[str, Dataset]:
    """All that is measured, by name; the usual way first.

    Args:
        args (argparse.Namespace): Of :func:`add_arguments`.
        folder (Path): Clips.

    Returns:
        dict[str, Dataset]: Data sets.
    """
    MMLogger.get_instance('benchmark', log_level='WARNING')
    configs = {name: OURS[name](folder) for name in args.only}
    for item in args.dataset:
        name, path = item.split('=', 1)
        configs[name] = Config.fromfile(path).train_dataloader.dataset
    datasets: Dict[str, Dataset] = {}
    if args.versus == 'usual':
        datasets['usual'] = UsualClips(folder)
    for name, config in configs.items():
        dataset: Any = DATASETS.build(config)
        # As in training, where each sample draws from its own seed.
        dataset.set_epoch(0, 0)
        datasets[name] = dataset
    return datasets


def _loader(dataset: Dataset, workers: int, batch_size: int) -> DataLoader:
    usual = isinstance(dataset, UsualClips)
    return DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=None if usual else collate_av)


def _exhaust(loader: DataLoader) -> None:
    for _ in loader:
        pass


def differences(usual: UsualClips,
                dataset: Any,
                count: int = 16) -> Dict[str, float]:
    """How far our samples are from the usual ones, as the network sees them.

    Args:
        usual (UsualClips): The same clips in the usual way.
        dataset (Any): Ours.
        count (int): Clips compared. Defaults to 16.

    Returns:
        dict[str, float]: ``grey`` (levels, largest), ``pixels`` (share that
        differs, in the worst picture) and ``audio`` (largest difference of
        the log spectrograms, as they are before the division by 12).

    Raises:
        ValueError: If a difference is larger than the stated tolerance.
    """
    prepare = AVDataPreprocessor()
    scale = 255 * torch.tensor(STD).view(3, 1, 1)
    grey, pixels, audio = [], [], []
    for index in range(min(count, len(usual))):
        np.random.seed(index)
        their_image, their_audio, name = usual[index]
        np.random.seed(index)
        packed = dataset.pipeline(dataset.get_data_info(index))
        if packed['data_samples'].sample_id != name:
            raise ValueError(f'sample {index} is {name!r} in the usual way, '
                             f'{packed["data_samples"].sample_id!r} in ours')
        inputs = prepare(collate_av([packed]))['inputs']
        difference = ((inputs['image'][0] - their_image) * scale).abs()
        grey.append(difference.max().item())
        pixels.append((difference > 0.5).float().mean().item())
        audio.append(12 * (inputs['audio'][0] - their_audio).abs().max())
    found = dict(grey=max(grey), pixels=max(pixels), audio=float(max(audio)))
    limits = dict(grey=MAX_GREY + 1e-3, pixels=MAX_PIXELS, audio=MAX_AUDIO)
    if any(found[key] > limits[key] for key in limits):
        raise ValueError(f'not the samples of the usual way: {found}, '
                         f'tolerance {limits}')
    return found


def _row(what: str, workers: int, seconds: float, times_usual: Optional[float],
         times_first: Optional[float], found: Dict[str, float]) -> dict:
    """One line of the table; what does not apply is a dash."""
    values = dict(times_usual=times_usual, times_first=times_first, **found)
    return dict(
        what=what,
        workers=workers,
        clips_per_s=1 / seconds,
        ms_per_clip=1000 * seconds,
        times_usual=values['times_usual'] or '-',
        times_fewer_workers=values['times_first'] or '-',
        max_grey_levels=round(found['grey'], 3) if found else '-',
        pixels_differing=found['pixels'] if found else '-',
        max_log_spectrogram=found['audio'] if found else '-')


def _device_row(dataset: Any, batch_size: int, repeats: int) -> dict:
    """Normalisation and spectrogram of a batch, on the CPU."""
    prepare = AVDataPreprocessor()
    size = min(batch_size, len(dataset))
    batch = collate_av([dataset[i] for i in range(size)])
    times = seconds_in_turn({'prepare': lambda: prepare(batch)}, repeats)
    return _row('preprocessor (CPU)', 0,
                min(times['prepare']) / size, None, None, {})


def run(args: argparse.Namespace) -> List[dict]:
    """Measure.

    Args:
        args (argparse.Namespace): Of :func:`add_arguments`.

    Returns:
        list[dict]: Rows: medians over the rounds, ratios within a round.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.data_root or temporary)
        if not (folder / 'frames').is_dir():
            make_clips(folder, args.num_clips)
        return _measure(args, build_datasets(args, folder))


def _measure(args: argparse.Namespace, datasets: Dict[str, Any]) -> List[dict]:
    """Rows of all data sets with all numbers of workers."""
    usual = datasets.get('usual')
    found = {
        name: differences(usual, data) if usual and name != 'usual' else {}
        for name, data in datasets.items()
    }
    calls = {
        (name, workers):
        functools.partial(_exhaust, _loader(data, workers, args.batch_size))
        for name, data in datasets.items()
        for workers in args.workers
    }
    times = seconds_in_turn(calls, args.repeats)  # type: ignore
    rows = []
    for (name, workers), seconds in times.items():  # type: ignore
        to_usual = ratios(times, ('usual', workers)) if usual else {}
        to_first = ratios(times, (name, args.workers[0]))
        rows.append(
            _row(name, workers,
                 float(np.median(seconds)) / len(datasets[name]),
                 to_usual.get((name, workers)), to_first[name, workers],
                 found[name]))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    last = list(datasets)[-1]
    rows.append(_device_row(datasets[last], args.batch_size, args.repeats))
    torch.set_num_threads(threads)
    return rows
