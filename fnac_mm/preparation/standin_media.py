"""Media of the stand-ins: one function a data set.

Each is a pure function of its index and the seed and returns what the lists
say about the sample. Shape legend: H, W frame height and width; S samples.
"""
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
from PIL import Image

from fnac_mm.datasets.synthetic_scenes import (SAMPLE_RATE, SyntheticScene,
                                               make_scene)
from fnac_mm.utils.files import atomic_path, write_atomically
from .synthetic import write_wav

Array = np.ndarray
Record = Dict[str, Any]

# Scenes of the data sets lie this far apart.
BLOCK = 100_000
FRAMES = 5
AVSBENCH = dict(s4='avsbench/Single-source', ms3='avsbench/Multi-sources')
VPO = dict(ss='vpo/COCO_AV', ms='vpo/COCO_AV_MS')


def write_picture(path: Path, picture: Image.Image) -> None:
    """Write a picture in the format of its suffix."""
    with atomic_path(path) as draft:
        # The quality is JPEG's; PNG has none.
        picture.save(draft, quality=90)


def write_clip(folder: Path, name: str, image: Array, waveform: Array) -> None:
    """Write a frame (H, W, 3) and its sound (S,)."""
    write_picture(folder / f'frames/{name}.jpg', Image.fromarray(image))
    write_wav(folder / f'audio/{name}.wav', waveform, SAMPLE_RATE)


def palette_mask(mask: Array) -> Image.Image:
    """Palette picture of a mask (H, W), in which index 1 is foreground."""
    picture = Image.fromarray(mask.astype(np.uint8), 'P')
    picture.putpalette([0, 0, 0, 255, 255, 255])
    return picture


def pixel_box(mask: Array, inclusive: bool = False) -> List[float]:
    """Tight box of a mask (H, W) in 224ths; four zeros if it is empty.

    The lists of AVSBench give the last pixel, the others the one after it.
    """
    if not mask.any():
        return [0.0] * 4
    starts, ends = [], []
    for axis in (0, 1):
        used, scale = np.flatnonzero(
            mask.any(axis)), 224 / mask.shape[1 - axis]
        starts.append(float(int(used[0] * scale)))
        ends.append(float(int((used[-1] + 1) * scale) - inclusive))
    return starts + ends


def find_sound(seed: int, start: int, duration: float,
               wanted: Callable[[str], bool]) -> Array:
    """Sound (S,) of the first scene from ``start`` on of a wanted class."""
    while True:
        # The class does not depend on the size, which takes the time.
        size = dict(height=64, width=64)
        probe = make_scene(seed, 'val', start, duration=0.1, **size)
        if wanted(probe.class_name):
            return make_scene(
                seed, 'val', start, duration=duration, **size).waveform
        start += 1


def second_sound(scene: SyntheticScene, seed: int, start: int,
                 duration: float) -> Array:
    """Sound (S,) of the second object's class."""
    return find_sound(seed, start, duration, lambda c: c == scene.distractor)


def make_vggss(index: int, root: Path, seed: int) -> Record:
    """A clip of VGG-SS; index < 0 is one whose source is out of sight."""
    scene = make_scene(seed, 'test', BLOCK + index, 180, 240, 3.)
    name, waveform = f'StandInVGG__{index:06d}', scene.waveform
    classes = [scene.class_name, scene.distractor]
    if index < 0:
        name = f'StandInHide_{-index:06d}'
        waveform = find_sound(seed, BLOCK, 3., lambda c: c not in classes)
    write_clip(root / 'vggsound', name, scene.image, waveform)
    return dict(id=name, index=index, box=scene.boxes[0], classes=classes)


def make_flickr(index: int, root: Path, seed: int) -> Record:
    """A clip of Flickr-SoundNet with three annotators."""
    scene = make_scene(seed, 'test', 2 * BLOCK + index, 256, 256, 3.)
    name, folder = str(10_000_000_000 + index), root / 'flickr'
    shift = np.random.default_rng([seed, index]).integers(-8, 9, (3, 4))
    boxes = (np.array(scene.boxes[0]) * 256 + shift).clip(0, 256).astype(int)
    texts = ''.join(
        f'<bbox><annotator>{k}</annotator><xmin>{x0}</xmin><ymin>{y0}</ymin>'
        f'<xmax>{x1}</xmax><ymax>{y1}</ymax></bbox>'
        for k, (x0, y0, x1, y1) in enumerate(boxes.tolist()))
    write_atomically(folder / f'Annotations/{name}.xml',
                     f'<annotation><object>{texts}</object></annotation>')
    write_clip(folder, name, scene.image, scene.waveform)
    return dict(
        id=name, index=index, classes=[scene.class_name, scene.distractor])


def make_avsbench(index: int, root: Path, seed: int, name: str) -> Record:
    """A clip over which the camera pans; index < 0 is one for training."""
    several = name == 'ms3'
    start = (4 if several else 3) * BLOCK + index
    scene = make_scene(seed, 'test', start, 240, 240, 5.,
                       1. if several else 0.5)
    mask, waveform = scene.mask, scene.waveform
    if several:
        mask = mask | scene.distractor_mask
        waveform = (waveform + second_sound(scene, seed, start, 5.)) / 2
    split = 'test' if index >= 0 else 'train'
    video = f'StandIn{split[:2]}{name[:2]}_{abs(index)}'
    clip = f'{split}/{video}' if several else \
        f'{split}/{scene.class_name}/{video}'
    data = root / AVSBENCH[name] / f'{name}_data'
    audio = data / f'audio_wav/{clip}.wav'
    write_wav(audio, waveform, SAMPLE_RATE)
    record: Record = dict(
        name=video,
        index=index,
        start_time=0,
        category=scene.class_name,
        split=split,
        entries=[])
    for number in range(1, FRAMES + 1):
        window = np.s_[2 * number:, 3 * number:]
        # Nothing sounds at the end of every second clip.
        visible = mask[window] & (number < FRAMES or index % 2 == 0)
        paths = [f'{clip}/{video}_{number}.png'] * 2
        if several:
            paths[0] = f'{video}/{video}.mp4_{number}.png'
        labelled = several or split == 'test' or number == 1
        entry = write_frame(data, paths, scene.image[window][:224, :224],
                            visible[:224, :224], several, labelled)
        record['entries'].append(dict(entry, audio=str(audio)))
    return record


def write_frame(data: Path, paths: Sequence[str], image: Array, mask: Array,
                palette: bool, labelled: bool) -> Record:
    """Write a frame of AVSBench (H, W, 3) and, if labelled, its mask."""
    image_path = data / 'visual_frames' / paths[0]
    mask_path = data / 'gt_masks' / paths[1]
    write_picture(image_path, Image.fromarray(image))
    if labelled:
        write_picture(mask_path,
                      palette_mask(mask) if palette else Image.fromarray(mask))
    return dict(
        image=str(image_path),
        mask=str(mask_path),
        box=pixel_box(mask, inclusive=True))


def make_pair(index: int, root: Path, seed: int, name: str) -> Record:
    """An image of IS3 or VPO with one sample for each sounding object."""
    start = {'is3': 5, 'ss': 6, 'ms': 7}[name] * BLOCK + index
    scene = make_scene(seed, 'test', start, 200, 256, 3., float(name != 'ss'))
    masks: List[Any] = [scene.mask]
    sounds = [scene.waveform]
    if name == 'is3' or name == 'ms' and index % 2:
        masks.append(scene.distractor_mask)
        sounds.append(second_sound(scene, seed, start, 3.))
    folder, masks_in = root / VPO.get(name, 'is3'), 'gray_masks'
    ids = [f'{index:012d}_{900 + k}' for k in range(len(masks))]
    if name == 'is3':
        masks_in, classes = 'gt_masks', [
            str(c).replace('_', '')
            for c in (scene.class_name, scene.distractor)
        ]
        ids = [f'{"_".join(sorted(classes))}_{index}_{c}' for c in classes]
    record: Record = dict(index=index, entries=[])
    for sample_id, mask, sound in zip(ids, masks, sounds):
        image = folder / f'visual_frames/{sample_id}.jpg'
        audio = folder / f'audio_wav/{sample_id}.wav'
        target = folder / masks_in / f'{sample_id}.jpg'
        grey = Image.fromarray(255 * mask.astype(np.uint8))
        write_picture(image, Image.fromarray(scene.image))
        write_wav(audio, sound, SAMPLE_RATE)
        write_picture(target, grey)
        record['entries'].append(
            dict(
                image=str(image),
                audio=str(audio),
                box=pixel_box(mask),
                mask=str(target)))
    return record
