"""Write small stand-ins of all test sets, in their published layouts.

Scenes are those of ``make_synthetic.py``; lists, annotations and masks have
the format of the real ones, the grey fringes of JPEG masks included.

.. code-block:: none

    OUT_DIR/
        manifest.json
        vggsound/                VGG-SS and Extended VGG-SS
        flickr/                  Flickr-SoundNet and Extended Flickr-SoundNet
        avsbench/Single-source/  S4 (and a few clips for training)
        avsbench/Multi-sources/  MS3 (likewise)
        is3/                     two samples an image
        vpo/COCO_AV/             VPO-SS
        vpo/COCO_AV_MS/          VPO-MS, one or two samples an image

A stopped run continues where it stood.

Example:
    python tools/dataset_converters/make_standins.py data/standins --num 20
"""
import argparse
import json
import os
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from make_synthetic import run_parallel, to_lines, write_atomically
from rich.progress import track
from standin_media import (AVSBENCH, FRAMES, VPO, Record, make_avsbench,
                           make_flickr, make_pair, make_vggss)

from fnac_mm.datasets.synthetic_scenes import VERSION

MAKERS = dict(
    vggss=make_vggss,
    flickr=make_flickr,
    s4=partial(make_avsbench, name='s4'),
    ms3=partial(make_avsbench, name='ms3'),
    is3=partial(make_pair, name='is3'),
    vpo_ss=partial(make_pair, name='ss'),
    vpo_ms=partial(make_pair, name='ms'))

Task = Tuple[str, int]


def list_tasks(num: int) -> List[Task]:
    """Everything to make; negative indices are extra clips."""
    clips = -(-num // FRAMES)
    extra = max(num // 10, 1)
    ranges = dict(
        vggss=range(-extra, num),
        flickr=range(num),
        s4=range(-2, clips),
        ms3=range(-2, clips),
        is3=range(-(-num // 2)),
        vpo_ss=range(num),
        vpo_ms=range(-(-2 * num // 3)))
    return [(name, i) for name, indices in ranges.items() for i in indices]


def make_task(task: Task, root: Path, seed: int) -> Record:
    """Make one sample, or read what an earlier run said about it."""
    name, index = task
    journal = root / 'records' / f'{name}_{index}.json'
    if journal.is_file():
        record = json.loads(journal.read_text())
        if all(os.path.isfile(root / path) for path in record['files']):
            return record
    record = MAKERS[name](index, root, seed)
    record['files'] = [os.path.relpath(path, root) for path in record['files']]
    for entry in record.get('entries', ()):
        for key in ('image', 'audio', 'mask'):
            # The published lists hold absolute paths of their authors' disk.
            entry[key] = f'/standins/{os.path.relpath(entry[key], root)}'
    write_atomically(journal, json.dumps(record).encode())
    return record


def elsewhere(records: Sequence[Record], position: int) -> str:
    """Id of the next clip whose class is not in this frame."""
    order = [*records[position + 1:], *records[:position]]
    inside = records[position]['classes']
    for other in order:
        if other['classes'][0] not in inside:
            return other['id']
    raise SystemExit('error: too few clips for a mismatched pair; raise --num')


def write_csv(path: Path, lines: Sequence[str]) -> None:
    """Write lines with CRLF, as the published lists have them."""
    write_atomically(path, to_lines(lines).replace(b'\n', b'\r\n'))


def write_extended(folder: Path, prefix: str,
                   records: Sequence[Record]) -> None:
    """Lists of the positives and of as many negatives."""
    seen = [r for r in records if r['index'] >= 0]
    hidden = [r['id'] for r in records if r['index'] < 0]
    pairs = [(i, i) for i in hidden]
    pairs += [(r['id'], elsewhere(seen, k))
              for k, r in enumerate(seen[len(hidden):], len(hidden))]
    names = [r['classes'][0] for r in seen]
    known = sorted(set(names))
    labels = known.index if prefix == 'flickr' else str
    rows = [f'{r["id"]},{labels(n)}' for r, n in zip(seen, names)]
    write_csv(folder / f'{prefix}_test.csv', rows)
    if prefix == 'vggss':
        # Half of the classes stand for those of a training on "heard 110".
        for subset, classes in (('heard', known[::2]), ('unheard',
                                                        known[1::2])):
            write_csv(folder / f'{prefix}_{subset}_test.csv',
                      [row for row, n in zip(rows, names) if n in classes])
    write_csv(
        folder / f'{prefix}_test_plus_silent.csv',
        ['video,audio,label', *(f'{v},{a},non-sounding' for v, a in pairs)])


def write_json(path: Path, entries: Sequence[Any]) -> None:
    """Write a list of objects."""
    write_atomically(path, json.dumps(entries).encode())


def write_sslalign(folder: Path, name: str, ending: str,
                   records: Sequence[Record]) -> None:
    """Lists of boxes and of masks in the format of SSL-Alignment."""
    for key, kind in (('box', ending), ('mask', 'seg')):
        write_json(folder / f'{name}_{kind}.json', [{
            'image': entry['image'],
            'audio': entry['audio'],
            'gt_box': entry[key]
        } for record in records for entry in record['entries']])


def write_lists(root: Path, records: Dict[str, List[Record]]) -> None:
    """Write lists and annotations of all sets."""
    metadata = root / 'vggsound' / 'metadata'
    write_extended(metadata, 'vggss', records['vggss'])
    write_json(metadata / 'vggss.json', [{
        'file': r['id'],
        'class': r['classes'][0],
        'bbox': [r['box']]
    } for r in records['vggss'] if r['index'] >= 0])
    write_extended(root / 'flickr' / 'metadata', 'flickr', records['flickr'])
    for name, below in AVSBENCH.items():
        columns = ('name', 'start_time', 'category', 'split') \
            if name == 's4' else ('name', 'split')
        clips = records[name]
        lines = [','.join(str(r[c]) for c in columns) for r in clips]
        write_atomically(root / below / f'{name}_meta_data.csv',
                         to_lines([','.join(columns), *lines]))
        tests = [r for r in clips if r['split'] == 'test']
        write_sslalign(root / below, name, 'box', tests)
    write_sslalign(root / 'is3', 'synthetic3240', 'bbox', records['is3'])
    for name, below in VPO.items():
        write_sslalign(root / below, f'vpo_{name}', 'bbox',
                       records[f'vpo_{name}'])


def prepare_folder(root: Path, manifest: Dict[str, int]) -> None:
    """Create the folder, or check that it holds the same stand-ins."""
    path = root / 'manifest.json'
    if path.is_file():
        if json.loads(path.read_text()) != manifest:
            raise SystemExit(f'error: out_dir {root} holds other stand-ins '
                             f'({path.read_text()}): name another folder')
    elif root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise SystemExit(f'error: out_dir {root} is not an empty folder and '
                         'has no manifest.json: name a new folder')
    write_atomically(path, json.dumps(manifest).encode())


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read and check the command line."""
    parser = argparse.ArgumentParser(
        description='Write small stand-ins of all test sets.')
    add = parser.add_argument
    add('out_dir', type=Path, help='folder to write')
    add('--num', type=int, default=20, help='samples of each set, about')
    add('--seed', type=int, default=0, help='seed of the scenes')
    add('--workers', type=int, default=os.cpu_count() or 1, help='processes')
    args = parser.parse_args(argv)
    for name, low, high in (('num', 5, 10_000), ('seed', 0, 2**63), ('workers',
                                                                     1, 256)):
        if not low <= getattr(args, name) <= high:
            parser.error(f'--{name} must be in [{low}, {high}], got '
                         f'{getattr(args, name)}')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Make or complete the stand-ins."""
    args = parse_args(argv)
    prepare_folder(args.out_dir,
                   dict(version=VERSION, num=args.num, seed=args.seed))
    tasks = list_tasks(args.num)
    make = partial(make_task, root=args.out_dir, seed=args.seed)
    records: Dict[str, List[Record]] = {name: [] for name in MAKERS}
    done = run_parallel(make, tasks, args.workers)
    for (name, _), record in zip(
            tasks, track(done, description='stand-ins', total=len(tasks))):
        records[name].append(record)
    write_lists(args.out_dir, records)
    for name, items in records.items():
        print(f'{name}: {sum(len(r.get("entries", "1")) for r in items)} '
              'samples')


if __name__ == '__main__':
    main()
