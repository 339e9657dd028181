"""Synthetic films whose sounding object changes half-way.

By the shipped model, or that of the file which the environment variable
FNAC_MM_SYNTHETIC_CHECKPOINT names.
"""
import json
import os
from itertools import count
from pathlib import Path
from typing import Iterator, Tuple

import numpy as np
import pytest

from fnac_mm.apis import LocalizationInferencer
from fnac_mm.datasets.synthetic_scenes import SyntheticScene, make_scene
from ..media import write_media

N_SCENES = 10
SECONDS = 3.0


@pytest.fixture()
def inferencer() -> LocalizationInferencer:
    named = os.environ.get('FNAC_MM_SYNTHETIC_CHECKPOINT')
    return LocalizationInferencer(named, device='cpu', show_progress=False)


def sound_of(class_name: str) -> np.ndarray:
    """A clip of a class, from another scene."""
    for index in count():
        size = dict(height=32, width=32)
        if make_scene(
                7, 'test', index, duration=0.1,
                **size).class_name == class_name:
            return make_scene(
                7, 'test', index, duration=SECONDS, **size).waveform
    raise AssertionError


def scenes() -> Iterator[SyntheticScene]:
    """Scenes with two objects, each with a side of its own."""
    for index in count():
        scene = make_scene(99, 'test', index)
        if scene.distractor is not None:
            yield scene


def peaks(inferencer: LocalizationInferencer, scene: SyntheticScene,
          folder: Path) -> Tuple[list, list]:
    """Peaks (x, y) before and after the change."""
    both = [sound_of(scene.class_name), sound_of(scene.distractor)]
    sound = (32767 * np.concatenate(both)).astype(np.int16)
    source = write_media(
        folder / 'a.mkv',
        sound,
        scene.sample_rate,
        frames=np.repeat(scene.image[None], int(20 * SECONDS), 0))
    result = inferencer.infer_video(source, folder / 'o.mp4', every=3)
    records = json.loads(Path(result['files']['frames']).read_text())['frames']
    return ([r['peak'] for r in records if r['time'] < SECONDS - 0.5],
            [r['peak'] for r in records if r['time'] > SECONDS + 0.5])


def share(points: list, mask: np.ndarray) -> float:
    """Share of the points that lie on an object."""
    height, width = mask.shape
    return float(
        np.mean([mask[int(y * height), int(x * width)] for x, y in points]))


@pytest.mark.slow
def test_peak_follows_the_sound(inferencer: LocalizationInferencer,
                                tmp_path: Path) -> None:
    """A deaf model, however good, gains nothing on either object."""
    gains = []
    for _, scene in zip(range(N_SCENES), scenes()):
        before, after = peaks(inferencer, scene, tmp_path)
        gains.append((share(before, scene.mask) - share(after, scene.mask),
                      share(after, scene.distractor_mask) -
                      share(before, scene.distractor_mask)))
    print(f'followed: {np.mean(gains, axis=0).round(2).tolist()}, '
          f'per film {np.round(gains, 2).tolist()}')
    assert (np.mean(gains, axis=0) > 0.3).all()
