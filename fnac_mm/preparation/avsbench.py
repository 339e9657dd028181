"""AVSBench: check the published tree, make what it lacks."""
import os
from argparse import Namespace
from typing import Dict, List, Mapping, Optional, Tuple

from fnac_mm.datasets.avsbench import NUM_FRAMES, AVSBenchMS3, AVSBenchS4
from fnac_mm.datasets.text_files import check_id, read_table
from fnac_mm.media.suffixes import VIDEOS
from fnac_mm.utils.files import write_atomically
from .plan import Clip, Output, Plan
from .runner import prepare

SETS = dict(s4=AVSBenchS4, ms3=AVSBenchMS3)
FRAME_SIZE = 224
# Frame n is the last of 16 in its second.
LAST_SIXTEENTH = 15 / 16


def _tree_paths(row: Mapping[str, str],
                subset: str) -> Tuple[str, str, List[Tuple[str, str]]]:
    """Raw video without suffix, sound, (frame, mask) of each number."""
    data, files = SETS[subset].FOLDER, SETS[subset].STEMS
    stems = [{
        k: stem.format(number=n, **row)
        for k, stem in files.items()
    } for n in range(1, NUM_FRAMES + 1)]
    pairs = [(f'{data}/visual_frames/{stem["img_path"]}.png',
              f'{data}/gt_masks/{stem["mask_path"]}.png') for stem in stems]
    # The raw videos of MS3 lie in one folder.
    raw = stems[0]['audio_path'] if subset == 's4' else row['name']
    return (f'{data}/raw_videos/{raw}',
            f'{data}/audio_wav/{stems[0]["audio_path"]}.wav', pairs)


def _plan_clip(row: Mapping[str, str], args: Namespace,
               ignored: Dict[str, List[str]]) -> Optional[Clip]:
    """What to link and what to make of a clip; None if it can't be done."""
    raw, sound, pairs = _tree_paths(row, args.subset)

    def there(path: str) -> bool:
        return os.path.isfile(args.source / path)

    video = next((raw + s for s in VIDEOS if there(raw + s)), '')
    outputs, made = [], []
    for number, (frame, mask) in enumerate(pairs, start=1):
        rule = str(number - 1 + LAST_SIXTEENTH)
        outputs.append(
            Output(frame, frame, 'link') if there(frame) else Output(
                frame, video, 'frame', rule, size=FRAME_SIZE, clamp=True))
        labelled = args.subset == 'ms3' or row['split'] != 'train' or \
            number == 1
        if there(mask):
            outputs.append(Output(mask, mask, 'link'))
        elif labelled:
            ignored.setdefault('masks that are not there', []).append(mask)
    outputs.append(
        Output(sound, sound, 'link'
               ) if there(sound) else Output(sound, video, 'sound'))
    made = [o.path for o in outputs if o.kind != 'link']
    if made and not video:
        return None
    return Clip(row['name'], tuple(outputs), note=dict(extracted=len(made)))


def _make_plan(args: Namespace) -> Plan:
    """Look for the files of every listed clip."""
    path = args.source / f'{args.subset}_meta_data.csv'
    columns = SETS[args.subset].COLUMNS
    try:
        rows = read_table(path, columns)
        for number, row in enumerate(rows, start=2):
            for column in columns:
                check_id(row[column], f'{path}, line {number}')
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    plan = Plan([])
    seen = set()
    for row in sorted(rows, key=lambda row: row['name']):
        if row['name'] in seen:
            raise SystemExit(f'error: {path}: {row["name"]!r} is listed twice')
        seen.add(row['name'])
        clip = _plan_clip(row, args, plan.ignored)
        if clip is None:
            plan.missing[row['name']] = {}
        else:
            plan.clips.append(clip)
    return plan


def prepare_avsbench(args: Namespace) -> None:
    """Prepare what is missing, as the arguments say."""
    folder = prepare(
        args,
        _make_plan(args),
        'prepare_avsbench',
        subset=args.subset,
        link=args.link)
    name = f'{args.subset}_meta_data.csv'
    write_atomically(args.out_dir / name, (args.source / name).read_bytes())
    outputs = [
        output for record in folder.records.values()
        for output in record.get('outputs', ())
    ]
    linked = sum(output['kind'] == 'link' for output in outputs)
    print(f'{linked} published files checked and linked, '
          f'{len(outputs) - linked} made from raw_videos')
