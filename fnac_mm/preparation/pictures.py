"""Write frames; take over pictures and recordings that are published.

Shape legend: H, W picture height and width.
"""
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Tuple

import cv2
import numpy as np
import soundfile
from PIL import Image

from fnac_mm.media.container import MediaError
from fnac_mm.media.pictures import decode_picture
from .arguments import JPEG_QUALITY
from .plan import Clip, MediaOptions, Output

Record = Dict[str, Any]


def write_picture(draft: Path, picture: np.ndarray, output: Output) -> None:
    """Write a picture (H, W, 3) uint8, JPEG of quality 95 or PNG."""
    if output.size is not None:
        # As the published frames of AVSBench were made
        picture = cv2.resize(picture, (output.size, output.size))
    image = Image.fromarray(picture)
    if output.path.endswith('.png'):
        image.save(draft, 'PNG')
    else:
        image.save(draft, 'JPEG', quality=JPEG_QUALITY)


def read_whole(path: Path) -> Tuple[bytes, np.ndarray]:
    """Bytes and pixels (H, W, 3) of a picture; errors are MediaErrors."""
    if not path.is_file() or not path.stat().st_size:
        raise MediaError('empty' if path.is_file() else 'unreadable',
                         f'{path.name}: no such file, or one of 0 bytes')
    try:
        content = path.read_bytes()
    except PermissionError as error:
        raise MediaError('unreadable',
                         f'{path.name}: {error.strerror}') from error
    try:
        return content, decode_picture(content)
    except MediaError as error:
        raise MediaError('undecodable', f'{path.name}: {error}') from error


def make_still(output: Output, draft: Path, clip: Clip,
               options: MediaOptions) -> Record:
    """Take a picture file; JPEG as it is, others are encoded anew."""
    content, picture = read_whole(options.source / output.source)
    if content.startswith(
            b'\x89PNG' if output.path.endswith('.png') else b'\xff\xd8'):
        draft.write_bytes(content)
    else:
        write_picture(draft, picture, output)
    return dict(width=picture.shape[1], height=picture.shape[0])


def make_link(output: Output, draft: Path, clip: Clip,
              options: MediaOptions) -> Record:
    """Check a published file and link or copy it."""
    source = (options.source / output.source).resolve()
    record: Record = {}
    if source.suffix.lower() == '.wav':
        try:
            info = soundfile.info(source)
        except soundfile.SoundFileError as error:
            raise MediaError('undecodable', f'{source.name}: not a readable '
                             'recording') from error
        record = dict(sample_rate=info.samplerate, samples=info.frames)
        if not info.frames:
            raise MediaError('empty', f'{source.name}: no sound in it')
    else:
        record['height'], record['width'], _ = read_whole(source)[1].shape
    draft.unlink()
    if options.link == 'symlink':
        os.symlink(source, draft)
    elif options.link == 'hardlink':
        os.link(source, draft)
    else:
        shutil.copyfile(source, draft)
    return record
