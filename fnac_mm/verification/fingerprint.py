"""Fingerprints of frames and sounds, to find clips that are nearly the same.

Both survive another encoding, size, rate and level; that of the sound also a
shift in time. Bits are compared, so all is small and fast.

Shape legend: T time frames of a sound.
"""
from functools import lru_cache
from importlib.util import find_spec
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchaudio.functional import resample
from torchaudio.transforms import MelSpectrogram

from fnac_mm.functional.waveform import check_resampling

# Side of the perceptual hash: 16 x 16 = 256 bits.
HASH_SIDE = 16
IMAGE_BITS = HASH_SIDE**2

# Sounds are compared at this rate, as strips of 32 bits.
AUDIO_RATE = 8000
HOP_LENGTH = 256
_WINDOW, _BANDS, _LOWEST, _HIGHEST = 2048, 33, 150.0, 3800.0
# Relative to the loudest cell: below is what codecs change.
_FLOOR = 1e-2

# Two clips are nearly the same if both agree, see docs/verify.md.
MAX_IMAGE_BITS = 76
MAX_AUDIO_ERROR = 0.36
MAX_SHIFT = 0.5
# Fewer strips say nothing: half a second and the window.
_LEAST_STRIPS = 12

# Of the frame and of the sound of a clip.
Prints = Tuple[np.ndarray, Optional[np.ndarray]]


def require_imagehash() -> None:
    """Say what is missing before a long search needs it.

    Raises:
        ModuleNotFoundError: If the package ImageHash is not installed.
    """
    if find_spec('imagehash') is None:
        raise ModuleNotFoundError(
            'perceptual hashes need the package ImageHash: '
            'pip install ImageHash, or fnac_mm[optional]')


def image_fingerprint(image: np.ndarray) -> np.ndarray:
    """Perceptual hash (32,) uint8 of a frame (H, W, 3) uint8 RGB."""
    # Optional, and slow to import.
    from imagehash import phash
    bits = phash(Image.fromarray(image), hash_size=HASH_SIDE).hash
    return np.packbits(bits.ravel())


@lru_cache(maxsize=1)
def _mel_spectrogram() -> MelSpectrogram:
    return MelSpectrogram(
        AUDIO_RATE,
        n_fft=_WINDOW,
        hop_length=HOP_LENGTH,
        n_mels=_BANDS,
        f_min=_LOWEST,
        f_max=_HIGHEST,
        center=False)


def _usual_rate(rate: int) -> int:
    """The rate, or one beside it (0.5 % at most) that is cheap to convert."""
    try:
        check_resampling(rate, AUDIO_RATE)
    except ValueError:
        step = 10 if rate < 20_000 else 100
        return step * round(rate / step)
    return rate


def audio_fingerprint(waveform: Union[Tensor, np.ndarray],
                      rate: int) -> Optional[np.ndarray]:
    """Strips of bits that say where the sound grows and fades.

    A bit is the sign of the difference, in time and between neighbouring
    bands, of the logarithmic energy. [1]_

    .. [1] J. Haitsma, T. Kalker: A Highly Robust Audio Fingerprinting
       System. ISMIR 2002.

    Args:
        waveform (Tensor | np.ndarray): Mono (S,) float32.
        rate (int): Hz.

    Returns:
        np.ndarray | None: (T,) uint32, a strip of 32 bands every
        ``HOP_LENGTH / AUDIO_RATE`` seconds. None for a sound that is too
        short (0.7 s) or digital silence.
    """
    sound = resample(torch.as_tensor(waveform), _usual_rate(rate), AUDIO_RATE)
    strips = (len(sound) - _WINDOW) // HOP_LENGTH
    if strips < _LEAST_STRIPS:
        return None
    energy = _mel_spectrogram()(sound)
    peak = energy.max()
    if peak <= 0:
        return None
    bands = torch.log(energy + _FLOOR * peak).numpy()
    bits = np.diff(np.diff(bands, axis=0), axis=1) > 0
    return np.packbits(bits.T, axis=1).view('>u4')[:, 0].astype(np.uint32)


def bit_error_rate(first: np.ndarray,
                   second: np.ndarray,
                   max_shift: float = MAX_SHIFT) -> float:
    """Share of bits of two :func:`audio_fingerprint` that differ.

    At the best shift of at most ``max_shift`` seconds; near 0.5 for sounds
    that have nothing in common.
    """
    most = int(np.ceil(max_shift * AUDIO_RATE / HOP_LENGTH))
    rates = [1.0]
    for lag in range(-most, most + 1):
        a, b = first[max(lag, 0):], second[max(-lag, 0):]
        size = min(len(a), len(b))
        if size >= _LEAST_STRIPS:
            wrong = np.bitwise_count(a[:size] ^ b[:size]).sum()
            rates.append(float(wrong) / (32 * size))
    return min(rates)


class NearDuplicate(NamedTuple):
    """Indices of two clips, the share and the number of bits that differ."""
    query: int
    reference: int
    audio_error: float
    image_bits: int


def find_near_duplicates(queries: Sequence[Prints],
                         references: Sequence[Prints]) -> List[NearDuplicate]:
    """Pairs of clips of which both frame and sound agree, by comparing all.

    A clip has its :func:`image_fingerprint` and :func:`audio_fingerprint`; one
    without sound has no duplicate. By query, the closest sound first.
    """
    hashes = np.array([picture for picture, _ in references], np.uint8)
    words = hashes.reshape(-1, IMAGE_BITS // 8).view(np.uint64)
    found = []
    for i, (picture, sound) in enumerate(queries):
        wrong = np.bitwise_count(words ^ picture.view(np.uint64)).sum(1)
        for j in np.flatnonzero(wrong <= MAX_IMAGE_BITS).tolist():
            other = references[j][1]
            if sound is None or other is None:
                continue
            error = bit_error_rate(sound, other)
            if error <= MAX_AUDIO_ERROR:
                found.append(NearDuplicate(i, j, error, int(wrong[j])))
    return sorted(found, key=lambda d: (d.query, d.audio_error, d.image_bits))
