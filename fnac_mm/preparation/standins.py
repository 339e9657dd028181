"""Small stand-ins of all test sets, in their published layouts.

The layout is that of ``tools/dataset_converters/make_standins.py``.
"""
import json
import os
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple

from fnac_mm.datasets.synthetic_scenes import VERSION
from fnac_mm.utils.files import write_atomically
from .standin_media import (AVSBENCH, FRAMES, VPO, Record, make_avsbench,
                            make_flickr, make_pair, make_vggss)
from .state import compare_options, to_lines
from .synthetic import make_all

MAKERS: Dict[str, Callable[..., Record]] = dict(
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
    """Make one sample; what the lists say about it."""
    name, index = task
    record = MAKERS[name](index, root, seed)
    for entry in record.get('entries', ()):
        for key in ('image', 'audio', 'mask'):
            # The published lists hold absolute paths of their authors' disk.
            entry[key] = f'/standins/{os.path.relpath(entry[key], root)}'
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
    write_atomically(path, to_lines(lines).replace('\n', '\r\n'))


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


def write_sslalign(folder: Path, name: str, ending: str,
                   records: Sequence[Record]) -> None:
    """Lists of boxes and of masks in the format of SSL-Alignment."""
    for key, kind in (('box', ending), ('mask', 'seg')):
        entries = [
            dict(image=e['image'], audio=e['audio'], gt_box=e[key])
            for record in records for e in record['entries']
        ]
        write_atomically(folder / f'{name}_{kind}.json', json.dumps(entries))


def write_lists(root: Path, records: Dict[str, List[Record]]) -> None:
    """Write lists and annotations of all sets."""
    metadata = root / 'vggsound' / 'metadata'
    write_extended(metadata, 'vggss', records['vggss'])
    boxes = [{
        'file': r['id'],
        'class': r['classes'][0],
        'bbox': [r['box']]
    } for r in records['vggss'] if r['index'] >= 0]
    write_atomically(metadata / 'vggss.json', json.dumps(boxes))
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


def make_standins(root: Path, num: int, seed: int,
                  workers: int) -> Dict[str, int]:
    """Make the stand-ins; samples of each set.

    Args:
        root (Path): Folder to write.
        num (int): Samples of each set, about.
        seed (int): Seed of the scenes.
        workers (int): Processes; the result does not depend on them.

    Raises:
        SystemExit: If the folder holds something else.
    """
    differences = compare_options(root / 'manifest.json',
                                  dict(version=VERSION, num=num, seed=seed))
    if differences:
        raise SystemExit(f'error: out_dir {root} holds other stand-ins '
                         f'({differences}): name another folder')
    tasks = list_tasks(num)
    make = partial(make_task, root=root, seed=seed)
    done = dict(make_all(make, tasks, workers, 'stand-ins'))
    records: Dict[str, List[Record]] = {name: [] for name in MAKERS}
    for task in tasks:
        records[task[0]].append(done[task])
    write_lists(root, records)
    return {
        name: sum(len(r.get('entries', '1')) for r in items)
        for name, items in records.items()
    }
