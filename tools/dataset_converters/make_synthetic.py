r"""Write the synthetic audio-visual benchmark in the layout of VGG-SS.

.. code-block:: none

    OUT_DIR/
        manifest.json               seed, counts, generator parameters
        {train,val,test}/audio/<id>.wav     mono, 16 bit
        {train,val,test}/frames/<id>.jpg
        metadata/
            train.txt               one id a line
            {val,test}.csv          id,class
            {val,test}.json         [{"file", "class", "bbox": [xyxy]}]
            train_classes.csv       id,class: the known false negatives,
                                    never used for training
            classes.txt
            scenes_{train,val,test}.jsonl   all that is known of each scene

A stopped run continues where it stood: complete files are kept, and no file
is ever half written.

Example:
    python tools/dataset_converters/make_synthetic.py data/synthetic \
        --num-train 2000 --num-val 200 --num-test 400 --seed 0
"""
import argparse
import json
import multiprocessing
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import cv2
import numpy as np
import soundfile
from rich.progress import track

from fnac_mm.datasets.synthetic_scenes import (CLASSES, SAMPLE_RATE, SPLITS,
                                               VERSION, make_scene)

PREFIXES = dict(train='SyntheTrain', val='SyntheValid', test='SyntheTest0')
JPEG_QUALITY = 92
WAV_HEADER = 44

Record = Dict[str, Any]


def scene_id(split: str, index: int) -> str:
    """Identifier of a scene, 18 characters like those of VGG-Sound."""
    return f'{PREFIXES[split]}_{index:06d}'


def media_paths(root: Path, split: str, index: int) -> Tuple[Path, Path]:
    """Paths of the frame and of the clip of a scene."""
    name, folder = scene_id(split, index), root / split
    return folder / 'frames' / f'{name}.jpg', folder / 'audio' / f'{name}.wav'


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a kill leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    temporary.write_bytes(content)
    os.replace(temporary, path)


def is_complete(path: Path, num_samples: int) -> bool:
    """Whether a frame or clip stands on the disk in full length."""
    if not path.is_file():
        return False
    if path.suffix == '.wav':
        return path.stat().st_size == WAV_HEADER + 2 * num_samples
    return path.read_bytes()[-2:] == b'\xff\xd9'


def write_wav(path: Path, waveform: np.ndarray, sample_rate: int) -> None:
    """Write a mono 16-bit wav file.

    Args:
        path (Path): File to write.
        waveform (np.ndarray): float in [-1, 1], shape (S,).
        sample_rate (int): Samples per second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    soundfile.write(
        temporary, waveform, sample_rate, subtype='PCM_16', format='WAV')
    os.replace(temporary, path)


def make_sample(index: int, root: Path, split: str,
                manifest: Dict[str, Any]) -> Record:
    """Make one scene, write what is missing of its media.

    Args:
        index (int): Number of the scene in its split.
        root (Path): Folder of the benchmark.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        manifest (dict): Parameters of the benchmark.

    Returns:
        dict: All that is known of the scene, as json types.
    """
    scene = make_scene(manifest['seed'], split, index, **manifest['scene'])
    frame, clip = media_paths(root, split, index)
    if not is_complete(frame, 0):
        _, jpeg = cv2.imencode('.jpg', scene.image[..., ::-1],
                               [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        write_atomically(frame, jpeg.tobytes())
    if not is_complete(clip, len(scene.waveform)):
        write_wav(clip, scene.waveform, scene.sample_rate)
    return {
        'index': index,
        'file': scene_id(split, index),
        'class': scene.class_name,
        'bbox': scene.boxes,
        'distractor': scene.distractor,
        'distractor_bbox': scene.distractor_box,
    }


def build_manifest(args: argparse.Namespace) -> Dict[str, Any]:
    """Everything that the files depend on."""
    return dict(
        generator_version=VERSION,
        seed=args.seed,
        counts=dict(
            train=args.num_train, val=args.num_val, test=args.num_test),
        scene=dict(
            height=args.height,
            width=args.width,
            duration=args.duration,
            distractor_rate=args.distractor_rate),
        sample_rate=SAMPLE_RATE,
        jpeg_quality=JPEG_QUALITY,
        classes=list(CLASSES))


def prepare_folder(root: Path, manifest: Dict[str, Any],
                   overwrite: bool) -> None:
    """Create the folder, or check that it holds the same benchmark.

    Args:
        root (Path): Folder of the benchmark.
        manifest (dict): Parameters of the benchmark.
        overwrite (bool): Delete another benchmark that stands there.

    Raises:
        FileExistsError: If the folder holds something else.
    """
    path = root / 'manifest.json'
    if not path.is_file():
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise FileExistsError(
                f'out_dir {root} exists, is not an empty folder and has no '
                'manifest.json: name a new or an empty folder')
    else:
        old = json.loads(path.read_text())
        differences = [
            f'{key}: {old.get(key)!r} there, {manifest.get(key)!r} asked for'
            for key in sorted({*old, *manifest})
            if old.get(key) != manifest.get(key)
        ]
        if not differences:
            return
        if not overwrite:
            raise FileExistsError(
                f'out_dir {root} holds another benchmark ('
                f'{"; ".join(differences)}): name another folder, or give '
                '--overwrite to delete it')
        path.unlink()
        for name in (*SPLITS, 'metadata'):
            shutil.rmtree(root / name, ignore_errors=True)
    write_atomically(path, f'{json.dumps(manifest, indent=2)}\n'.encode())


def read_records(path: Path) -> Dict[int, Record]:
    """Records of earlier runs by index; a torn last line is ignored."""
    records: Dict[int, Record] = {}
    lines = path.read_text().splitlines() if path.is_file() else []
    for line in lines:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        records[record['index']] = record
    return records


def to_lines(items: Sequence[str]) -> bytes:
    """Text file content, one item a line."""
    return ''.join(f'{item}\n' for item in items).encode()


def write_metadata(folder: Path, split: str, records: List[Record]) -> None:
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
    write_atomically(folder / f'{split}.json', json.dumps(boxes).encode())


def make_split(root: Path, split: str, manifest: Dict[str, Any],
               workers: int) -> List[Record]:
    """Make all scenes of a split; what is complete is kept.

    Args:
        root (Path): Folder of the benchmark.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        manifest (dict): Parameters of the benchmark.
        workers (int): Processes; the result does not depend on them.

    Returns:
        list[dict]: Records of the split, by index.
    """
    journal = root / 'metadata' / f'scenes_{split}.jsonl'
    records = read_records(journal)
    num_samples = int(round(manifest['scene']['duration'] * SAMPLE_RATE))
    todo = [
        index for index in range(manifest['counts'][split])
        if index not in records or not all(
            is_complete(path, num_samples)
            for path in media_paths(root, split, index))
    ]
    for leftover in (root / split).rglob('*.tmp'):
        leftover.unlink()
    journal.parent.mkdir(parents=True, exist_ok=True)
    make = partial(make_sample, root=root, split=split, manifest=manifest)
    with open(journal, 'a') as file:
        for record in track(
                run_parallel(make, todo, workers),
                description=f'{split:5}',
                total=len(todo),
                disable=not todo):
            records[record['index']] = record
            file.write(f'\n{json.dumps(record)}')
            file.flush()
    ordered = [records[i] for i in range(manifest['counts'][split])]
    write_metadata(root / 'metadata', split, ordered)
    return ordered


def run_parallel(function: Any, items: Sequence[int],
                 workers: int) -> Iterator[Record]:
    """Results of ``function`` in the order of ``items``."""
    if workers < 2 or len(items) < 2:
        yield from map(function, items)
        return
    with multiprocessing.Pool(workers, cv2.setNumThreads, (1, )) as pool:
        yield from pool.imap(function, items, chunksize=8)


def print_summary(records: Dict[str, List[Record]]) -> None:
    """Print the counts and what a score on the test split is worth."""
    for split, items in records.items():
        crowded = sum(r['distractor'] is not None for r in items)
        print(f'{split}: {len(items)} scenes, {crowded} with a silent object')
    if not records['test']:
        return
    import torch

    from fnac_mm.functional import (baseline_cious, boxes_to_target,
                                    summarize_cious)
    targets = [boxes_to_target(r['bbox']) for r in records['test']]
    print('cIoU@0.5 on test that needs no training: ' + ', '.join(
        f'{name} {summarize_cious(cious)["ciou@0.5"]:.1f} %'
        for name, cious in baseline_cious(torch.stack(targets)).items()))


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read and check the command line."""
    parser = argparse.ArgumentParser(
        description='Write the synthetic audio-visual benchmark.')
    add = parser.add_argument
    add('out_dir', type=Path, help='folder to write')
    add('--num-train', type=int, default=2000, help='training scenes')
    add('--num-val', type=int, default=200, help='validation scenes')
    add('--num-test', type=int, default=400, help='test scenes')
    add('--seed', type=int, default=0, help='seed of the benchmark')
    add('--workers', type=int, default=os.cpu_count() or 1, help='processes')
    add('--height', type=int, default=128, help='frame height in pixels')
    add('--width', type=int, default=144, help='frame width in pixels')
    add('--duration', type=float, default=1.5, help='seconds of each clip')
    add('--distractor-rate',
        type=float,
        default=0.5,
        help='share of frames with a silent object')
    add('--overwrite',
        action='store_true',
        help='delete a benchmark of other parameters in OUT_DIR')
    args = parser.parse_args(argv)
    for name, low, high in (('num_train', 0, 999999), ('num_val', 0, 999999),
                            ('num_test', 0, 999999), ('seed', 0, 2**63),
                            ('workers', 1, 256), ('height', 64,
                                                  2048), ('width', 64, 2048),
                            ('duration', 0.5, 60), ('distractor_rate', 0, 1)):
        if not low <= getattr(args, name) <= high:
            parser.error(f'--{name.replace("_", "-")} must be in [{low}, '
                         f'{high}], but got {getattr(args, name)}')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Make or complete the benchmark."""
    args = parse_args(argv)
    manifest = build_manifest(args)
    try:
        prepare_folder(args.out_dir, manifest, args.overwrite)
    except FileExistsError as error:
        raise SystemExit(f'error: {error}') from error
    write_atomically(args.out_dir / 'metadata' / 'classes.txt',
                     to_lines(CLASSES))
    print_summary({
        split:
        make_split(args.out_dir, split, manifest, args.workers)
        for split in SPLITS
    })


if __name__ == '__main__':
    main()
