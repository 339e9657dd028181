"""The synthetic audio-visual benchmark in the layout of VGG-SS.

The layout is that of ``tools/dataset_converters/make_synthetic.py``.
"""
import json
import shutil
from functools import partial
from pathlib import Path
from typing import (Any, Callable, Dict, Iterator, List, Mapping, Sequence,
                    Tuple, TypeVar)

import cv2
import numpy as np
import soundfile
import torch

from fnac_mm.datasets.synthetic_scenes import (CLASSES, SAMPLE_RATE, SPLITS,
                                               VERSION, make_scene)
from fnac_mm.functional import baseline_cious, boxes_to_target, summarize_cious
from fnac_mm.utils.files import atomic_path, write_atomically
from fnac_mm.utils.process_map import process_map
from fnac_mm.utils.progress import track
from .state import compare_options, read_lines, remove_leftovers, to_lines

PREFIXES = dict(train='SyntheTrain', val='SyntheValid', test='SyntheTest0')
JPEG_QUALITY = 92
WAV_HEADER = 44

Record = Dict[str, Any]
Task = TypeVar('Task')


def _media_paths(root: Path, split: str, index: int) -> Tuple[Path, Path]:
    """Frame and clip; ids have 18 characters like those of VGG-Sound."""
    name, folder = f'{PREFIXES[split]}_{index:06d}', root / split
    return folder / 'frames' / f'{name}.jpg', folder / 'audio' / f'{name}.wav'


def _is_complete(path: Path, num_samples: int) -> bool:
    """Whether a frame or clip stands on the disk in full length."""
    if not path.is_file():
        return False
    if path.suffix == '.wav':
        return path.stat().st_size == WAV_HEADER + 2 * num_samples
    return path.read_bytes()[-2:] == b'\xff\xd9'


def write_wav(path: Path, waveform: np.ndarray, sample_rate: int) -> None:
    """Write a mono 16-bit wav file of samples (S,) in [-1, 1]."""
    with atomic_path(path) as draft:
        soundfile.write(
            draft, waveform, sample_rate, subtype='PCM_16', format='WAV')


def _make_sample(task: Tuple[str, int], root: Path,
                 manifest: Mapping[str, Any]) -> Record:
    """Make a scene (split, number), write what is missing of its media."""
    scene = make_scene(manifest['seed'], *task, **manifest['scene'])
    frame, clip = _media_paths(root, *task)
    if not _is_complete(frame, 0):
        _, jpeg = cv2.imencode('.jpg', scene.image[..., ::-1],
                               [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        write_atomically(frame, jpeg.tobytes())
    if not _is_complete(clip, len(scene.waveform)):
        write_wav(clip, scene.waveform, scene.sample_rate)
    return {
        'index': task[1],
        'file': frame.stem,
        'class': scene.class_name,
        'bbox': scene.boxes,
        'distractor': scene.distractor,
        'distractor_bbox': scene.distractor_box,
    }


def build_manifest(seed: int, counts: Mapping[str, int],
                   scene: Mapping[str, Any]) -> Dict[str, Any]:
    """Everything that the files depend on, as json types.

    Args:
        seed (int): Seed of the benchmark.
        counts (dict[str, int]): Scenes of ``train``, ``val`` and ``test``.
        scene (dict): Further arguments of :func:`~fnac_mm.datasets.
            synthetic_scenes.make_scene`.
    """
    return dict(
        generator_version=VERSION,
        seed=seed,
        counts=dict(counts),
        scene=dict(scene),
        sample_rate=SAMPLE_RATE,
        jpeg_quality=JPEG_QUALITY,
        classes=list(CLASSES))


def _claim_folder(root: Path, manifest: Dict[str, Any],
                  overwrite: bool) -> None:
    """Create the folder, or check that it holds the same benchmark."""
    path = root / 'manifest.json'
    differences = compare_options(path, manifest)
    if differences and not overwrite:
        raise SystemExit(
            f'error: out_dir {root} holds another benchmark ({differences}): '
            'name another folder, or give --overwrite to delete it')
    if differences:
        for name in (*SPLITS, 'metadata'):
            shutil.rmtree(root / name, ignore_errors=True)
        write_atomically(path, f'{json.dumps(manifest, indent=2)}\n')


def _write_metadata(folder: Path, split: str, records: List[Record]) -> None:
    """Write the lists and annotations of one split."""
    labels = [f'{r["file"]},{r["class"]}' for r in records]
    write_atomically(folder / f'scenes_{split}.jsonl',
                     to_lines([json.dumps(r) for r in records]))
    if split == 'train':
        names = [r['file'] for r in records]
        write_atomically(folder / 'train.txt', to_lines(names))
        write_atomically(folder / 'train_classes.csv', to_lines(labels))
        return
    boxes = [{k: r[k] for k in ('file', 'class', 'bbox')} for r in records]
    write_atomically(folder / f'{split}.csv', to_lines(labels))
    write_atomically(folder / f'{split}.json', json.dumps(boxes))


def make_all(make: Callable[[Task], Record], tasks: Sequence[Task],
             workers: int, name: str) -> Iterator[Tuple[Task, Record]]:
    """Make samples in processes, under a bar; as they are ready.

    Raises:
        SystemExit: If a process was killed.
    """
    if not tasks:
        return
    for task, record in track(
            process_map(make, tasks, workers), len(tasks), name):
        if record is None:
            raise SystemExit(f'error: the process that made {task} was '
                             'killed, for want of memory perhaps')
        yield task, record


def make_benchmark(root: Path,
                   manifest: Dict[str, Any],
                   workers: int,
                   overwrite: bool = False) -> str:
    """Make all scenes of a benchmark; what is complete is kept.

    Args:
        root (Path): Folder of the benchmark.
        manifest (dict): Of :func:`build_manifest`.
        workers (int): Processes; the result does not depend on them.
        overwrite (bool): Whether to delete a benchmark of other
            parameters that stands there.

    Returns:
        str: Counts and what a score on the test split is worth.

    Raises:
        SystemExit: If the folder holds something else.
    """
    _claim_folder(root, manifest, overwrite)
    metadata = root / 'metadata'
    write_atomically(metadata / 'classes.txt', to_lines(CLASSES))
    journals = {split: metadata / f'scenes_{split}.jsonl' for split in SPLITS}
    known = {
        split: {
            record['index']: record
            for record in read_lines(path)
        }
        for split, path in journals.items()
    }
    remove_leftovers(root)
    num_samples = int(round(manifest['scene']['duration'] * SAMPLE_RATE))
    todo = [(split, index) for split, count in manifest['counts'].items()
            for index in range(count) if index not in known[split] or not all(
                _is_complete(path, num_samples)
                for path in _media_paths(root, split, index))]
    make = partial(_make_sample, root=root, manifest=manifest)
    for (split, index), record in make_all(make, todo, workers, 'scenes'):
        known[split][index] = record
        with open(journals[split], 'a') as file:
            file.write(f'\n{json.dumps(record)}')
    records = {
        split: [known[split][index] for index in range(count)]
        for split, count in manifest['counts'].items()
    }
    for split, items in records.items():
        _write_metadata(metadata, split, items)
    return _summary(records)


def _summary(records: Dict[str, List[Record]]) -> str:
    """Counts, and what a score on the test split is worth, in a line."""
    text = ', '.join(f'{split} {len(items):,}'
                     for split, items in records.items()) + ' scenes'
    if not records['test']:
        return text
    targets = [boxes_to_target(r['bbox']) for r in records['test']]
    return f'{text}; cIoU@0.5 on test without training: ' + ', '.join(
        f'{name} {summarize_cious(cious)["ciou@0.5"]:.1f} %'
        for name, cious in baseline_cious(torch.stack(targets)).items())
