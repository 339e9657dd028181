"""Write frames; take over pictures and recordings that are published.

Shape legend: H, W picture height and width.
"""
import io
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Tuple

import cv2
import numpy as np
import soundfile
from PIL import Image

from fnac_mm.datasets.transforms.loading import DECODE_ERRORS, PICTURE_FORMATS
from fnac_mm.media.container import MediaError
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


def check_picture(path: Path) -> Tuple[int, int, str]:
    """Decode a picture file whole: width, height, format."""
    if not path.is_file() or not path.stat().st_size:
        raise MediaError('empty' if path.is_file() else 'unreadable',
                         f'{path.name}: no such file, or one of 0 bytes')
    try:
        # From memory, where a damaged length asks for no more than there is.
        content = io.BytesIO(path.read_bytes())
        with Image.open(content, formats=PICTURE_FORMATS) as image:
            image.load()
            return image.width, image.height, image.format or ''
    except PermissionError as error:
        raise MediaError('unreadable',
                         f'{path.name}: {error.strerror}') from error
    except DECODE_ERRORS as error:
        raise MediaError(
            'undecodable', f'{path.name}: not a whole picture '
            f'({type(error).__name__})') from error


def make_still(output: Output, draft: Path, clip: Clip,
               options: MediaOptions) -> Record:
    """Take a picture file; JPEG as it is, others are encoded anew."""
    source = options.source / output.source
    width, height, kind = check_picture(source)
    if kind == ('PNG' if output.path.endswith('.png') else 'JPEG'):
        shutil.copyfile(source, draft)
    else:
        with Image.open(source, formats=PICTURE_FORMATS) as image:
            write_picture(draft, np.asarray(image.convert('RGB')), output)
    return dict(width=width, height=height)


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
        record['width'], record['height'], _ = check_picture(source)
    draft.unlink()
    if options.link == 'symlink':
        os.symlink(source, draft)
    elif options.link == 'hardlink':
        os.link(source, draft)
    else:
        shutil.copyfile(source, draft)
    return record
