"""PCM and FLAC by libsndfile, where a header proves itself.

Shape legend: S samples, C channels.
"""
import re
import struct
from typing import Optional, Tuple

import numpy as np
import soundfile

from .window import sample_index, window_start

# Hz, twice the highest of any sound card. A damaged header would make arrays
# of gigabytes.
MAX_RATE = 768_000

# Bytes of a sample.
_SUBTYPES = dict(
    PCM_U8=1,
    PCM_S8=1,
    PCM_16=2,
    PCM_24=3,
    PCM_32=4,
    FLOAT=4,
    DOUBLE=8,
    ULAW=1,
    ALAW=1)
# FLAC written to a pipe announces no samples, or as many as a number holds.
_MAX_SAMPLES = 2**40
_UNKNOWN = 2**31 - 2**16
# What libsndfile says of a size that it believes: no second look is needed.
_DATA = re.compile(r'^data : (\d+)$', re.MULTILINE)


def wav_data_bytes(path: str) -> int:
    """Bytes of samples that the header of a wav file announces.

    0 if it announces none, as one that was never finished, or that was written
    to a pipe, with the greatest number that there is.
    """
    with open(path, 'rb', buffering=0) as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack('<4sI', head)
            if name == b'data':
                return size if size < _UNKNOWN else 0
            file.seek(size + size % 2, 1)
    return 0


def open_pcm(path: str) -> Optional[soundfile.SoundFile]:
    """Open PCM or FLAC whose header agrees with what is there.

    None if it is something else, cut off, or was never finished; FFmpeg knows
    what to do with it.
    """
    try:
        file = soundfile.SoundFile(path)
    # soundfile raises TypeError for a headerless file (.raw).
    except (soundfile.LibsndfileError, TypeError):
        return None
    # Of 3 to 8 channels FFmpeg knows which one is where.
    each = _SUBTYPES.get(file.subtype, 0) * file.channels
    proven = each and 0 < file.samplerate <= MAX_RATE and \
        0 < file.frames < _MAX_SAMPLES and not 2 < file.channels <= 8
    kind = file.format
    if proven and kind in ('WAV', 'WAVEX'):
        told = _DATA.findall(file.extra_info)
        size = int(told[0]) if len(told) == 1 else wav_data_bytes(path)
        proven = 0 <= size - file.frames * each < each
    elif kind != 'FLAC':
        proven = False
    if proven:
        return file
    file.close()
    return None


def read_pcm(path: str, duration: float,
             start: Optional[float]) -> Optional[Tuple[np.ndarray, int]]:
    """Read a window; libsndfile seeks to the sample.

    Args:
        path (str): File.
        duration (float): Seconds.
        start (float, optional): See :func:`window_start`.

    Returns:
        tuple[np.ndarray, int], optional: (S, C) int16 if the file holds that
        (a third of the time), else float32, and the rate in Hz. None: see
        :func:`open_pcm`.

    Raises:
        ValueError: If ``start`` is outside of the recording.
    """
    file = open_pcm(path)
    if file is None:
        return None
    with file:
        rate = file.samplerate
        begin = window_start(file.frames / rate, duration, start)
        first = min(sample_index(begin, rate), file.frames - 1)
        wanted = min(int(duration * rate), file.frames - first)
        try:
            if first:
                file.seek(first)
            samples = file.read(
                wanted,
                dtype='int16' if file.subtype == 'PCM_16' else 'float32',
                always_2d=True)
        except soundfile.LibsndfileError:
            return None
    return (samples, rate) if len(samples) == wanted else None
