"""IS3: check the release and lay it out as its data set reads it."""
from argparse import Namespace
from pathlib import Path, PurePosixPath
from typing import Dict, List, Optional

from fnac_mm.datasets.text_files import check_id, read_json_list
from fnac_mm.utils.files import write_atomically
from .plan import Clip, Output, Plan, find_files
from .runner import prepare

_FOLDERS = dict(
    visual_frames=('images', 'visual_frames'),
    audio_wav=('audio_wav', 'audio'),
    gt_masks=('gt_segmentation', 'gt_masks'))


def _listed_ids(path: Path) -> List[str]:
    """Sorted ids of a list of objects with ``image``, less its folders."""
    try:
        return sorted(
            check_id(PurePosixPath(entry['image']).stem, f'{path}, {number}')
            for number, entry in enumerate(read_json_list(path)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(f'error: {path}: expected a list of objects with '
                         f'"image" ({error!r})') from error


def _find_media(source: Path, ignored: Dict[str, List[str]],
                folder: str) -> Dict[str, str]:
    """Files of a part of the data set by id."""
    for name in _FOLDERS[folder]:
        if (source / name).is_dir():
            kind = 'sound' if folder == 'audio_wav' else 'picture'
            return {
                PurePosixPath(path).stem: f'{name}/{path}'
                for path in find_files(source / name, ignored, kind)
            }
    return {}


def _plan_clip(clip_id: str, frame: str, sound: str,
               mask: Optional[str]) -> Clip:
    """Link what has the right format, decode the rest."""
    is_wav = sound.lower().endswith('.wav')
    outputs = [
        Output(f'visual_frames/{PurePosixPath(frame).name}', frame, 'link'),
        Output(f'audio_wav/{clip_id}.wav', sound,
               'link' if is_wav else 'sound')
    ]
    if mask is not None:
        name = PurePosixPath(mask).name
        outputs.append(Output(f'gt_masks/{name}', mask, 'link'))
    return Clip(clip_id, tuple(outputs))


def _make_plan(args: Namespace) -> Plan:
    """Find the files of every listed sample."""
    plan = Plan([])
    frames, sounds, masks = (
        _find_media(args.source, plan.ignored, name) for name in _FOLDERS)
    wanted = _listed_ids(args.list) if args.list else sorted(
        {*frames, *sounds})
    for clip_id in wanted:
        if clip_id not in frames or clip_id not in sounds:
            plan.missing[clip_id] = {}
            continue
        plan.clips.append(
            _plan_clip(clip_id, frames[clip_id], sounds[clip_id],
                       masks.get(clip_id)))
        if clip_id not in masks:
            plan.ignored.setdefault('samples without a mask',
                                    []).append(clip_id)
    return plan


def prepare_is3(args: Namespace) -> None:
    """Prepare what is missing, as the arguments say."""
    prepare(args, _make_plan(args), 'prepare_is3', link=args.link)
    if args.list:
        write_atomically(args.out_dir / args.list.name, args.list.read_bytes())
