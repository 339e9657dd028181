"""What is found in one file; runs in worker processes."""
import hashlib
import os
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Set, Tuple

import numpy as np
import soundfile

from fnac_mm.datasets import LoadImage, LoadMask
from fnac_mm.functional import load_waveform, mono_window
from fnac_mm.media.audio import recording_length
from fnac_mm.utils.files import file_digest
from .fingerprint import audio_fingerprint, image_fingerprint
from .media_checks import SILENCE_LEVEL, frame_fault, sound_level, thumbnail

# Seconds at the centre of a recording that its fingerprint stands for.
PRINT_SECONDS = 10.0
# Hz that recorders use; resampling from others could take all memory.
_RATES = (1000, 768000)
_BLOCK = 2**18

_LOAD_IMAGE = LoadImage()


@dataclass(slots=True)
class FileTask:
    """A file, who uses it, and what is asked about it.

    Attributes:
        path (str): The file.
        kind (str): ``'img_path'``, ``'audio_path'`` or ``'mask_path'``.
        seconds (float): Of sound that the config takes.
        start (float, optional): First second of them; None: at the centre.
        mask_threshold (int, optional): See :class:`fnac_mm.LoadMask`.
        fingerprint (bool): Whether to make one.
        thumbnail (bool): Whether to make one.
        loaders (dict[str, None]): Names of its dataloaders, in order.
        groups (set[str]): Of its samples (frames of a video, ...).
    """
    path: str
    kind: str
    seconds: float = 3.0
    start: Optional[float] = None
    mask_threshold: Optional[int] = None
    fingerprint: bool = False
    thumbnail: bool = False
    loaders: Dict[str, None] = field(default_factory=dict)
    groups: Set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        """str: Its dataloaders, for messages."""
        return '+'.join(self.loaders)


@dataclass(slots=True)
class FileFacts:
    """What was found.

    Attributes:
        problems (list[tuple[str, str]]): Kind of problem and words.
        digest (bytes, optional): SHA-256 of the decoded content; None if it
            says nothing (unreadable, silent, without contrast).
        rate (int, optional): Hz, of a recording.
        thumbnail (np.ndarray, optional): Of a frame.
        fingerprint (np.ndarray, optional): Of a frame or recording.
    """
    problems: List[Tuple[str, str]] = field(default_factory=list)
    digest: Optional[bytes] = None
    rate: Optional[int] = None
    thumbnail: Optional[np.ndarray] = None
    fingerprint: Optional[np.ndarray] = None


def probe_file(task: FileTask) -> FileFacts:
    """Read a file and say what is wrong with it.

    Whatever the file holds raises no exception.
    """
    facts = FileFacts()
    probes = dict(
        img_path=_probe_frame, audio_path=_probe_sound, mask_path=_probe_mask)
    try:
        if os.path.islink(task.path) and not os.path.exists(task.path):
            raise ValueError('a symbolic link to nothing or to itself')
        if not os.path.getsize(task.path):
            raise ValueError('the file has no bytes')
        probes[task.kind](task, facts)
    except (OSError, ValueError, MemoryError) as error:
        words = str(error).removeprefix(f'{task.path}: ')
        kind = getattr(error, 'kind', getattr(error.__cause__, 'kind', ''))
        # Decoders repeat the path.
        facts.problems.append(
            ('truncated' if kind == 'truncated' else 'unreadable',
             words.replace(task.path, 'it')))
    return facts


def _probe_frame(task: FileTask, facts: FileFacts) -> None:
    image = _LOAD_IMAGE(dict(img_path=task.path))['img']
    # A hundred thousand pixels tell as much as all.
    step = max(int((image.shape[0] * image.shape[1] / 1e5)**0.5), 1)
    fault = frame_fault(image[::step, ::step])
    if fault is not None:
        facts.problems.append(
            (fault, f'{image.shape[1]} x {image.shape[0]} pixels, mean '
             f'{image.mean():.1f} of 255'))
        return
    content = np.ascontiguousarray(image)
    facts.digest = hashlib.sha256(str(image.shape).encode() +
                                  content.data).digest()
    if task.thumbnail:
        facts.thumbnail = thumbnail(image)
    if task.fingerprint:
        facts.fingerprint = image_fingerprint(
            np.ascontiguousarray(image[..., ::-1]))


def _probe_mask(task: FileTask, facts: FileFacts) -> None:
    LoadMask()(dict(mask_path=task.path, mask_threshold=task.mask_threshold))


def _probe_sound(task: FileTask, facts: FileFacts) -> None:
    seconds, facts.rate = recording_length(task.path)
    if not _RATES[0] <= facts.rate <= _RATES[1]:
        raise ValueError(f'a sample rate of {facts.rate:,} Hz')
    waveform, rate = load_waveform(task.path, task.seconds, task.start)
    digest = _sound_digest(task.path)
    wanted = task.seconds + (task.start or 0)
    if seconds < wanted - 1 / rate:
        facts.problems.append(
            ('short', f'{seconds:.3f} s of the {wanted:.3f} s that the config '
             'takes; it is repeated'))
    level = sound_level(waveform.numpy(), rate)
    if level < SILENCE_LEVEL:
        facts.problems.append(
            ('silent', f'loudest tenth of a second {level:.1f} dB, in the '
             f'{task.seconds:g} s that the config takes'))
        return
    facts.digest = digest
    if task.fingerprint:
        sound, rate = mono_window(task.path, PRINT_SECONDS)
        facts.fingerprint = audio_fingerprint(sound, rate)


def _sound_digest(path: str) -> bytes:
    """Of all samples, or of the bytes of what libsndfile can't open."""
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, TypeError):
        return bytes.fromhex(file_digest(path))
    digest, decoded = hashlib.sha256(), 0
    with file:
        digest.update(f'{file.samplerate} {file.channels}'.encode())
        try:
            for block in file.blocks(_BLOCK, dtype='float32', always_2d=True):
                digest.update(np.ascontiguousarray(block).data)
                decoded += len(block)
        except soundfile.LibsndfileError as error:
            raise ValueError(f'decoding fails after {decoded:,} of '
                             f'{file.frames:,} samples ({error})') from error
        if decoded < file.frames:
            raise ValueError(f'decoding ends after {decoded:,} of '
                             f'{file.frames:,} samples')
    return digest.digest()
