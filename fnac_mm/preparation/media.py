"""Make the files of one clip; this runs in the worker processes."""
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Dict, List

import numpy as np
import soundfile

from fnac_mm.datasets.sample_seed import seed_of_sample
from fnac_mm.functional import mix_int16
from fnac_mm.media.audio import SoundTrack
from fnac_mm.media.container import MediaError, open_media, video_track
from fnac_mm.media.length import track_end
from fnac_mm.media.pixels import pixel_aspect
from fnac_mm.media.video import decode_frame, frame_picture
from fnac_mm.media.window import sample_index
from fnac_mm.utils.files import atomic_path, file_digest
from .arguments import FRAME_RULES
from .pictures import Record, make_link, make_still, write_picture
from .plan import Clip, MediaOptions, Output


def _frame_time(rule: str, clip: Clip, duration: float, seed: int) -> float:
    """Seconds from the first frame of a video of ``duration`` seconds on.

    The rule: seconds from the start of the clip, ``'first'``, ``'middle'`` or
    ``'random'``: uniform over the clip, a function of seed and id only.
    """
    if rule not in FRAME_RULES:
        return clip.begin + float(rule)
    if rule == 'first':
        return clip.begin
    length = (duration if clip.end is None else clip.end) - clip.begin
    if length <= 0:
        raise MediaError(
            'undecodable', 'the video tells no length; choose '
            'the frame by its time')
    part = 0.5 if rule == 'middle' else \
        seed_of_sample(seed, 'frame', clip.clip_id) / 2**63
    return clip.begin + part * length


def _make_frame(output: Output, draft: Path, clip: Clip,
                options: MediaOptions) -> Record:
    """Write a frame of a video."""
    with open_media(options.source / output.source) as container:
        stream = video_track(container)
        time = _frame_time(output.rule, clip, track_end(stream), options.seed)
        chosen = output.clamp or output.rule in ('middle', 'random')
        frame, begin = decode_frame(container, time, clamp=chosen)
        picture = frame_picture(frame)
        aspect = pixel_aspect(stream, frame)
    write_picture(draft, picture, output)
    record = dict(
        time=round(time, 6),
        shown_from=round(begin, 6),
        width=picture.shape[1],
        height=picture.shape[0])
    if aspect and aspect != 1:
        record['pixel_aspect'] = str(aspect)
    return record


def _make_sound(output: Output, draft: Path, clip: Clip,
                options: MediaOptions) -> Record:
    """Write the sound of a video or sound file, mono 16 bit, own rate."""
    path = str(options.source / output.source)
    with SoundTrack(path, options.audio_track) as sound:
        rate, count = sound.rate, 0
        with soundfile.SoundFile(
                draft, 'w', rate, 1, 'PCM_16', format='WAV') as file:
            for block in sound.blocks(
                    sample_index(clip.begin, rate), None
                    if clip.end is None else sample_index(clip.end, rate)):
                if not np.isfinite(block).all():
                    raise MediaError('undecodable',
                                     'the sound holds NaN or infinity')
                file.write(mix_int16(block, path))
                count += len(block)
        if not count:
            raise MediaError(
                'undecodable', 'the audio track holds no sound after '
                f'{clip.begin:.3f} s')
        if clip.end is None:
            sound.check_whole()
        return dict(
            sample_rate=rate,
            samples=count,
            duration=round(count / rate, 6),
            track=options.audio_track,
            tracks=sound.tracks,
            channels=sound.stream.channels,
            codec=sound.stream.codec_context.name,
            starts_at=round(sound.lead, 6))


MAKERS = dict(
    frame=_make_frame, sound=_make_sound, still=make_still, link=make_link)


def _make_outputs(clip: Clip, options: MediaOptions) -> List[Record]:
    """Make all files of a clip; they get their names together."""
    records = []
    with ExitStack() as drafts:
        for output in clip.outputs:
            draft = drafts.enter_context(
                atomic_path(options.out_dir / output.path))
            details = MAKERS[output.kind](output, draft, clip, options)
            records.append(
                dict(
                    path=output.path,
                    kind=output.kind,
                    bytes=draft.stat().st_size,
                    sha256=file_digest(draft),
                    **details))
    return records


def source_sizes(clip: Clip, source: Path) -> Dict[str, int]:
    """Bytes of the files of which a clip is made; -1: not to be found."""
    return {
        name:
        os.path.getsize(source / name) if os.path.exists(source / name) else -1
        for name in sorted({output.source
                            for output in clip.outputs})
    }


def failure(clip: Clip, source: Path, kind: str, reason: str) -> Record:
    """Record of a clip that could not be made."""
    return dict(
        id=clip.clip_id,
        status='failed',
        failure=kind,
        reason=reason,
        sources=source_sizes(clip, source))


def make_clip(clip: Clip, options: MediaOptions) -> Record:
    """Make the files of one clip, all of them or none.

    Args:
        clip (Clip): What to make.
        options (MediaOptions): How.

    Returns:
        dict: What the manifest says about it, as json types.

    Raises:
        OSError: If a file can't be written.
        soundfile.SoundFileError: Likewise.
    """
    try:
        outputs = _make_outputs(clip, options)
        return dict(
            id=clip.clip_id,
            status='made',
            sources=source_sizes(clip, options.source),
            outputs=outputs)
    except MediaError as error:
        kind, reason = error.kind, error.reason
    except (OSError, soundfile.SoundFileError):  # the disk, not the clip
        raise
    except Exception as error:  # one odd file must not stop thousands
        kind, reason = 'unexpected', f'{type(error).__name__}: {error}'
    for output in clip.outputs:
        (options.out_dir / output.path).unlink(missing_ok=True)
    return failure(clip, options.source, kind, reason)
