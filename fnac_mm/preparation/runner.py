"""Run a plan: space, progress, Ctrl-C and the summary."""
import os
import shutil
import signal
import time
from argparse import Namespace
from collections import Counter
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from typing import Any, Iterator, List, Sequence

from soundfile import SoundFileError

from fnac_mm.media.container import (MediaError, audio_track, open_media,
                                     video_track)
from fnac_mm.utils.process_map import process_map
from fnac_mm.utils.progress import track
from .arguments import JPEG_QUALITY
from .media import failure, make_clip
from .plan import Clip, MediaOptions, Output, Plan
from .state import MANIFEST, PreparedFolder, remove_leftovers

VERSION = 1

_PROBED = 16
_SHOWN = 20
# Bytes of a pixel: JPEG of quality 95 and PNG, generously; of a sample.
_PIXEL = dict(jpg=0.5, png=2.0)
_SAMPLE = 2


def _output_bytes(output: Output, clip: Clip, options: MediaOptions) -> float:
    """About how large an output becomes."""
    path = options.source / output.source
    if output.kind == 'link' and options.link != 'copy':
        return 0
    if output.kind in ('link', 'still'):
        return os.path.getsize(path)
    with open_media(path) as container:
        if output.kind == 'frame':
            stream = video_track(container)
            pixels = output.size**2 if output.size else \
                stream.width * stream.height
            return pixels * _PIXEL[output.path.rpartition('.')[2]]
        sound = audio_track(container, options.audio_track)
        end = (container.duration or 0) / 1e6 if clip.end is None else clip.end
        return (end - clip.begin) * sound.rate * _SAMPLE


def estimate_bytes(clips: Sequence[Clip], options: MediaOptions) -> int:
    """Bytes of the outputs, by the headers of a few sources; 0: unknown."""
    sizes = []
    for clip in clips[::-(-len(clips) // _PROBED) or 1]:
        try:
            sizes.append(
                sum(_output_bytes(o, clip, options) for o in clip.outputs))
        except (MediaError, OSError):
            continue
    # A tenth to spare.
    return int(1.1 * sum(sizes) / len(sizes) * len(clips)) if sizes else 0


def _check_space(clips: Sequence[Clip], options: MediaOptions) -> None:
    """Stop before the disk is full."""
    needed = estimate_bytes(clips, options)
    free = shutil.disk_usage(options.out_dir).free
    print(f'space: about {needed / 1e9:.2f} GB needed, {free / 1e9:.2f} GB '
          'free')
    if needed > free:
        raise SystemExit(
            f'error: out_dir {options.out_dir}: too little space; free some, '
            'name another disk, or give --no-space-check')


def _run(folder: PreparedFolder, todo: Sequence[Clip], options: MediaOptions,
         workers: int) -> None:
    """Make clips under a progress bar and note each.

    One that takes its process down fails; its neighbours are made again.
    """
    started = time.monotonic()
    failed: List[str] = []
    results = process_map(
        partial(make_clip, options=options), todo, workers, chunk=1)
    for clip, record in track(results, len(todo), 'preparing',
                              lambda: f', {len(failed)} failed'):
        record = record or failure(clip, options.source, 'crashed',
                                   'the decoder took its process down')
        folder.add(record)
        if record['status'] == 'failed':
            failed.append(clip.clip_id)
    seconds = time.monotonic() - started
    print(f'{len(todo)} clips in {seconds:.1f} s: {len(todo) / seconds:.2f} '
          f'clips/s with {workers} process{"es" * (workers > 1)}')


@contextmanager
def _stops_named(folder: PreparedFolder, plan: Plan) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a full disk end the block with a message."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt as error:
        ready = sum(folder.has_outputs(clip.clip_id) for clip in plan.clips)
        print(f'stopped: {ready} of {len(plan.clips)} clips are ready; give '
              'the same command again to go on')
        raise SystemExit(130) from error
    except (OSError, SoundFileError) as error:
        raise SystemExit(f'error: can not write to {folder.folder}: '
                         f'{error}; what was made is kept') from error
    finally:
        signal.signal(signal.SIGTERM, previous)


def _print_summary(folder: PreparedFolder, plan: Plan, already: int) -> None:
    """Say what became of everything; some clips were there already."""
    records = [folder.records[clip.clip_id] for clip in plan.clips]
    bad = [r for r in records if r['status'] == 'failed']
    kept = sum(folder.has_outputs(clip_id) for clip_id in plan.missing)
    good, listed = len(records) - len(bad), len(records) + len(plan.missing)
    for reason, paths in sorted(plan.ignored.items()):
        print(f'ignored, {reason}: {len(paths)} '
              f'({", ".join(map(repr, paths[:3]))}'
              f'{", ..." if len(paths) > 3 else ""})')
    for record in bad[:_SHOWN]:
        print(f'failed, {record["failure"]}: {record["id"]}: '
              f'{record["reason"]} [{", ".join(record["sources"])}]')
    if len(bad) > _SHOWN:
        print(f'... and {len(bad) - _SHOWN} more, see {MANIFEST}')
    kinds = Counter(record['failure'] for record in bad)
    print(f'found {len(records)} of {listed} listed clips, '
          f'{len(plan.missing)} not found' +
          (f', of which {kept} were made before' if kept else ''))
    print(f'made {good - already}, already there {already}, failed '
          f'{len(bad)}' + ''.join(f', {kind} {count}'
                                  for kind, count in sorted(kinds.items())))
    print(f'{good + kept} of {listed} clips are ready in {folder.folder}')


def prepare(args: Namespace, plan: Plan, tool: str,
            **saved: Any) -> PreparedFolder:
    """Make all that is missing, then write manifest and summary.

    Args:
        args (Namespace): Of :func:`~.arguments.make_parser`.
        plan (Plan): What to do; ids are unique.
        tool (str): Name of the tool.
        **saved: Arguments on which the files depend, for
            ``preparation.json``.

    Returns:
        PreparedFolder: With the records of all clips.

    Raises:
        SystemExit: If nothing was found, the folder holds something else,
            the disk is full, or on Ctrl-C (130).
    """
    if not plan.clips:
        raise SystemExit(
            f'error: {args.source}: found none of {len(plan.missing)} '
            f'listed clips; ignored: '
            f'{ {k: len(v) for k, v in plan.ignored.items()} }')
    names = {field.name for field in fields(MediaOptions)}
    options = MediaOptions(
        **{k: vars(args)[k]
           for k in names & vars(args).keys()})
    folder = PreparedFolder(
        args.out_dir,
        dict(tool=tool, version=VERSION, jpeg_quality=JPEG_QUALITY, **saved))
    remove_leftovers(args.out_dir)
    todo = [
        clip for clip in plan.clips
        if not folder.is_made(clip, options.source)
    ]
    if todo and not args.no_space_check:
        _check_space(todo, options)
    if todo:
        with _stops_named(folder, plan):
            _run(folder, todo, options, args.workers)
    remove_leftovers(args.out_dir)
    folder.finish(plan.clips, plan.missing)
    _print_summary(folder, plan, len(plan.clips) - len(todo))
    return folder
