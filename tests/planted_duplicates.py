"""A folder of synthetic clips with known near-duplicates in its test set."""
import io
from pathlib import Path
from typing import Dict, Tuple

import numpy as np
import soundfile
from PIL import Image

from fnac_mm.datasets.synthetic_scenes import SAMPLE_RATE, make_scene

KINDS = ('reencoded', 'resized', 'shifted')
SECONDS, SHIFT = 1.5, 0.2

Clip = Tuple[Image.Image, np.ndarray]


def scene(seed: int, split: str, index: int) -> Clip:
    made = make_scene(seed, split, index, duration=SECONDS + SHIFT)
    return Image.fromarray(made.image), made.waveform


def encode(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, 'JPEG', quality=quality)
    return buffer.getvalue()


def through_codec(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As Ogg Vorbis or MP3 gives it back, at another level."""
    kinds = (('OGG', 'VORBIS'), ('MP3', 'MPEG_LAYER_III'))
    container, codec = kinds[rng.integers(2)]
    buffer = io.BytesIO()
    soundfile.write(
        buffer,
        wave,
        SAMPLE_RATE,
        format=container,
        subtype=codec,
        compression_level=rng.uniform(0.2, 0.8))
    buffer.seek(0)
    return soundfile.read(buffer)[0][:len(wave)] * rng.uniform(0.3, 1)


def change(clip: Clip, kind: str, rng: np.random.Generator) -> Clip:
    """The same clip in another form."""
    image, wave = clip
    count, first = int(SECONDS * SAMPLE_RATE), int(SHIFT * SAMPLE_RATE)
    if kind == 'reencoded':
        image = Image.open(
            io.BytesIO(encode(image, int(rng.integers(25, 80)))))
        return image, through_codec(wave[:count], rng)
    if kind == 'resized':
        scale = rng.uniform(0.4, 2, 2) if rng.random() < 0.2 else \
            np.full(2, rng.uniform(0.4, 2))
        size = tuple(int(side * s) for side, s in zip(image.size, scale))
        return image.resize(size, Image.Resampling.BICUBIC), wave[:count]
    return image, wave[first:first + count]


def write_clip(folder: Path, split: str, name: str, clip: Clip,
               quality: int) -> None:
    for kind in ('frames', 'audio'):
        (folder / split / kind).mkdir(parents=True, exist_ok=True)
    image, wave = clip
    (folder / split / 'frames' / f'{name}.jpg').write_bytes(
        encode(image, quality))
    soundfile.write(folder / split / 'audio' / f'{name}.wav',
                    wave[:int(SECONDS * SAMPLE_RATE)], SAMPLE_RATE)


def plant(folder: Path, seed: int, count: int,
          planted: int) -> Dict[str, Tuple[str, str]]:
    """Write ``count`` clips, half for training, half for the test.

    Args:
        folder (Path): Root of the data set; without lists and boxes.
        seed (int): Of the scenes and the changes.
        count (int): Different clips.
        planted (int): Further test clips of each kind, made from those of
            training.

    Returns:
        dict[str, tuple[str, str]]: Of each planted clip the kind and the
        clip for training that it was made from.
    """
    rng = np.random.default_rng([seed, 1])
    for split in ('train', 'test'):
        for index in range(count // 2):
            write_clip(folder, split, f'{split}_{index:05d}',
                       scene(seed, split, index), 92)
    copies: Dict[str, Tuple[str, str]] = {}
    for kind in KINDS:
        for index in range(planted):
            source = len(copies) % (count // 2)
            name = f'test_{kind}_{index:05d}'
            clip = change(scene(seed, 'train', source), kind, rng)
            write_clip(folder, 'test', name, clip, 90)
            copies[name] = kind, f'train_{source:05d}'
    return copies
