"""Fingerprints of frames and sounds, to find clips that are nearly the same.

Both survive another encoding, size, rate and level; that of the sound also a
shift in time. Bits are compared, so all is small and fast.

Shape legend: T time frames of a sound; Q queries, R references, P pairs.
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
    """Perceptual hash of a frame, by the package ImageHash.

    Args:
        image (np.ndarray): (H, W, 3) uint8, RGB.

    Returns:
        np.ndarray: (IMAGE_BITS / 8,) uint8.
    """
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


def bit_error_rate(first: np.ndarray, second: np.ndarray,
                   max_shift: float) -> float:
    """Share of bits that differ, at the best shift.

    Args:
        first (np.ndarray): (T,) of :func:`audio_fingerprint`.
        second (np.ndarray): (T',) of the other sound.
        max_shift (float): Seconds that one may be ahead of the other.

    Returns:
        float: Near 0.5 for sounds that have nothing in common.
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


def hamming_pairs(queries: np.ndarray,
                  references: np.ndarray,
                  max_bits: int,
                  block: int = 2**22) -> Tuple[np.ndarray, np.ndarray]:
    """Pairs of hashes that differ in few bits, by comparing all.

    Args:
        queries (np.ndarray): (Q, 8 * n) uint8, packed bits.
        references (np.ndarray): (R, 8 * n) uint8.
        max_bits (int): Bits that may differ.
        block (int): Pairs compared at a time, which bounds the memory.
            Defaults to 2**22.

    Returns:
        tuple[np.ndarray, np.ndarray]: Indices (P, 2) of query and reference,
        by query, and the bits that differ (P,).
    """
    left, right = (
        np.ascontiguousarray(h).view(np.uint64) for h in (queries, references))
    rows = max(block // max(len(right), 1), 1)
    pairs, distances = [np.zeros((0, 2), int)], [np.zeros(0, int)]
    for begin in range(0, len(left), rows):
        wrong = np.zeros((len(left[begin:begin + rows]), len(right)), np.int16)
        for word in range(left.shape[1]):
            wrong += np.bitwise_count(left[begin:begin + rows, word, None]
                                      ^ right[None, :, word])
        found = np.argwhere(wrong <= max_bits)
        distances.append(wrong[tuple(found.T)].astype(int))
        pairs.append(found + (begin, 0))
    return np.concatenate(pairs), np.concatenate(distances)


class NearDuplicate(NamedTuple):
    """Two clips that are nearly the same.

    Attributes:
        query (int): Index of the one.
        reference (int): Index of the other.
        image_bits (int): Bits of the perceptual hashes that differ.
        audio_error (float): Share of bits of the sounds that differ.
    """
    query: int
    reference: int
    image_bits: int
    audio_error: float


Sounds = Sequence[Optional[np.ndarray]]


def find_near_duplicates(queries: np.ndarray,
                         query_sounds: Sounds,
                         references: np.ndarray,
                         reference_sounds: Sounds,
                         max_image_bits: int = MAX_IMAGE_BITS,
                         max_audio_error: float = MAX_AUDIO_ERROR,
                         max_shift: float = MAX_SHIFT) -> List[NearDuplicate]:
    """Pairs of clips of which both frame and sound agree.

    Args:
        queries (np.ndarray): (Q, IMAGE_BITS / 8) of
            :func:`image_fingerprint`.
        query_sounds (Sequence[np.ndarray | None]): Q of
            :func:`audio_fingerprint`; a clip without one has no duplicate.
        references (np.ndarray): (R, IMAGE_BITS / 8).
        reference_sounds (Sequence[np.ndarray | None]): R.
        max_image_bits (int): Of the IMAGE_BITS of a frame that may differ.
        max_audio_error (float): See :func:`bit_error_rate`.
        max_shift (float): See :func:`bit_error_rate`.

    Returns:
        list[NearDuplicate]: By query, the closest sound first.
    """
    found = []
    for (i,
         j), bits in zip(*hamming_pairs(queries, references, max_image_bits)):
        one, other = query_sounds[i], reference_sounds[j]
        if one is None or other is None:
            continue
        error = bit_error_rate(one, other, max_shift)
        if error <= max_audio_error:
            found.append(NearDuplicate(int(i), int(j), int(bits), error))
    return sorted(found, key=lambda d: (d.query, d.audio_error, d.image_bits))
