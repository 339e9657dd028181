"""Raw media in the layouts in which data sets are published, small."""
import hashlib
import importlib
import json
from pathlib import Path
from typing import Dict, List

import numpy as np
from PIL import Image

from tests.media import (break_film, index_frames, read_index, sample_ramp,
                         write_media)

FAULTS = ('not_media', 'truncated', 'no_audio', 'no_video', 'too_short',
          'undecodable')
FPS, SECONDS, RATE = 10, 6, 16000


def run_tool(name: str, *args: object) -> None:
    """Run a script of ``tools/dataset_converters`` in this process."""
    tool = importlib.import_module(f'tools.dataset_converters.{name}')
    tool.main([str(arg) for arg in args])


def clip_id(number: int) -> str:
    """18 characters, like an id of VGG-Sound."""
    return f'AbC-_xyZ{number:03d}_{10 * number:06d}'


def frame_offset(number: int) -> int:
    """Index that the first frame of a clip tells."""
    return 7 * number % 900


def write_clip(folder: Path, number: int) -> Path:
    """A clip in one of five layouts of VGG-Sound as downloaded.

    Its frames tell their index plus :func:`frame_offset`, its samples, where
    the codec is lossless, their index plus 1 + number.
    """
    name, start = clip_id(number), 10 * number
    names = [
        f'{name}.mp4', f'train/some class/{name}.mkv', f'{name}.webm',
        f'test/{name[:11]}_{start}.mp4',
        f'{name[:11]}_{start * 1000}_{(start + 10) * 1000}.mp4'
    ]
    path = folder / names[number % 5]
    path.parent.mkdir(parents=True, exist_ok=True)
    codecs = {'.mp4': 'flac', '.mkv': 'pcm_s16le', '.webm': 'libopus'}
    first = frame_offset(number)
    is_webm = path.suffix == '.webm'
    write_media(
        path,
        sample_ramp(RATE * SECONDS) + np.int16(1 + number),
        RATE,
        codecs[path.suffix],
        frames=index_frames(first + FPS * SECONDS)[first:],
        fps=FPS,
        video_codec='libvpx' if is_webm else 'mpeg4',
        video_options=dict(deadline='realtime') if is_webm else {},
        options=dict(strict='-2'))
    return path


def write_vggsound(folder: Path, count: int, broken: int) -> Dict[str, str]:
    """Write clips, the last ones broken.

    Args:
        folder (Path): Of the raw media; ``vggsound.csv`` comes beside it.
        count (int): Clips.
        broken (int): How many of them are broken, in six ways by turns.

    Returns:
        dict[str, str]: Fault of each broken id.
    """
    faults = {}
    for number in range(count):
        if number < count - broken:
            write_clip(folder, number)
            continue
        kind = FAULTS[number % len(FAULTS)]
        faults[clip_id(number)] = kind
        break_film(folder / f'{clip_id(number)}.mp4', kind, 5.0)
    lines = [
        f'{clip_id(n)[:11]},{10 * n},"class {n % 3}, loud",'
        f'{"test" if n % 2 else "train"}\n' for n in range(count)
    ]
    (folder.parent / 'vggsound.csv').write_text(''.join(lines))
    return faults


def read_manifest(folder: Path) -> Dict[str, dict]:
    """Records of a prepared folder by id, in the order of the file."""
    lines = (folder / 'manifest.jsonl').read_text().splitlines()
    return {record['id']: record for record in map(json.loads, lines)}


def digests(folder: Path) -> Dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)):
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*')) if path.is_file()
    }


def picture_index(path: Path) -> int:
    """Index that a picture file tells."""
    return read_index(np.asarray(Image.open(path).convert('RGB')))


def names(folder: Path) -> List[str]:
    """Sorted names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def unfinished(folder: Path) -> List[Path]:
    """Drafts that are left below a folder."""
    return list(folder.rglob('.unfinished_*'))
