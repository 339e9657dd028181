"""Synthetic audio-visual scenes with known sources.

In each frame a *sounding* object of one of twelve classes is drawn over a
cluttered background; in about half of the frames a *silent* object of
another class stands beside it. Each class has its own look and timbre, varied
from scene to scene. A coin decides which of the two places sounds, so only
the correspondence of look and sound tells the objects apart.

Shape legend: H, W frame height and width; S audio samples.
"""
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple

import cv2
import numpy as np
from numpy.random import Generator
from scipy.signal import butter, sosfilt

Array = np.ndarray
Box = List[float]
Range = Tuple[float, float]

# Any change of what a (seed, split, index) gives raises the version.
VERSION = 1
SAMPLE_RATE = 16000
SPLITS: Dict[str, int] = {'train': 0, 'val': 1, 'test': 2}


@dataclass
class SyntheticScene:
    """A frame, a clip and what is known about them.

    Attributes:
        image (np.ndarray): Frame, uint8 RGB, shape (H, W, 3).
        waveform (np.ndarray): Clip, float32 in [-1, 1], shape (S,).
        sample_rate (int): Samples per second of ``waveform``.
        boxes (list[list[float]]): Tight box of ``mask``, xyxy in [0, 1].
        class_name (str): Class of the sounding object.
        distractor (str, optional): Class of the silent object, if any.
        distractor_box (list[float], optional): Its tight box.
        mask (np.ndarray): Visible part of the sounding object, bool (H, W).
        distractor_mask (np.ndarray, optional): That of the silent object.
    """
    image: Array
    waveform: Array
    sample_rate: int
    boxes: List[Box]
    class_name: str
    distractor: Optional[str]
    distractor_box: Optional[Box]
    mask: Array
    distractor_mask: Optional[Array]


@dataclass(frozen=True)
class _Timbre:
    """Recipe of a sound; each pair is a range drawn from for every clip.

    Attributes:
        pitch: Fundamental in Hz.
        partials: Multiples of the fundamental that sound.
        slope: Partial k has the amplitude ``k ** -slope``.
        beats: Onsets per second.
        decay: Seconds in which a beat fades by 1/e.
        glide: Octaves per second that the pitch moves within a beat.
        melody: Whether each beat has its own note.
        swing: Octaves of a slow sine on the pitch, ``swing_rate`` in Hz.
        tremolo: Rate in Hz of an on-off modulation; 0 for none.
        noise: Level, lowest and highest Hz of filtered noise.
    """
    pitch: Range = (100, 100)
    partials: Tuple[float, ...] = ()
    slope: float = 1
    beats: Range = (1, 2)
    decay: float = np.inf
    glide: float = 0
    melody: bool = False
    swing: float = 0
    swing_rate: Range = (1, 2)
    tremolo: Range = (0, 0)
    noise: Tuple[float, float, float] = (0, 50, 7900)


def _synthesize(rng: Generator, timbre: _Timbre, t: Array) -> Array:
    """Waveform (S,) of any level at the sample times ``t`` (S,), seconds."""
    period = 1 / rng.uniform(*timbre.beats)
    beats = np.arange(-2, t[-1] / period + 1) + rng.random()
    beats = period * (beats + rng.normal(0, 0.05, len(beats)))
    beat = np.searchsorted(beats, t) - 1
    since = t - beats[beat]
    octaves = timbre.glide * since + timbre.swing * np.sin(
        2 * np.pi * (rng.uniform(*timbre.swing_rate) * t + rng.random()))
    if timbre.melody:
        octaves += rng.choice([0, 2, 4, 7, 9], len(beats))[beat] / 12
    pitch = rng.uniform(*timbre.pitch) * 2**octaves
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    level, low, high = timbre.noise
    wave = np.zeros(len(t))
    if level:
        sos = butter(2, (low, high), 'band', fs=SAMPLE_RATE, output='sos')
        wave += level * sosfilt(sos, rng.standard_normal(len(t)))
    for k in timbre.partials:
        wave += k**-timbre.slope * np.sin(k * phase)
    gate = np.tanh(3 * np.cos(2 * np.pi * rng.uniform(*timbre.tremolo) * t))
    return np.exp(-since / timbre.decay) * (0.5 + 0.5 * gate) * wave


def _wave(x: Array) -> Array:
    """Soft square wave in [0, 1]."""
    return 0.5 + 0.5 * np.tanh(3 * np.sin(x))


# From object coordinates u, v (H, W) to a pattern (H, W) in [0, 1].
_TEXTURES: Dict[str, Callable[[Array, Array], Array]] = {
    'stripes': lambda u, v: _wave(u),
    'rings': lambda u, v: _wave(np.hypot(u, v)),
    'checks': lambda u, v: _wave(1.3 * np.pi * np.sin(u) * np.sin(v)),
    'dots': lambda u, v: _wave(2 * np.sin(u) + 2 * np.sin(v) - 1.5),
    'zigzag': lambda u, v: _wave(u + 2 * np.arcsin(np.sin(v))),
    'plain': lambda u, v: 0.5 + 0.25 * np.sin(u / 4),
}


@dataclass(frozen=True)
class _ObjectClass:
    """Look and timbre of a class; ``lobes`` and ``depth`` give the outline.

    The outline is ``r(theta) = 1 + depth * cos(lobes * theta)``; ``hue`` is
    in degrees, ``accent`` the hue offset of the texture's second colour.
    """
    name: str
    hue: float
    lobes: int
    depth: float
    texture: str
    accent: float
    timbre: _Timbre


_HARMONICS, _ODD = tuple(range(1, 13)), (1, 3, 5, 7, 9)
_CLASSES: Tuple[_ObjectClass, ...] = (
    _ObjectClass('red_bell', 0, 3, .10, 'plain', 20,
                 _Timbre((500, 800), (1, 2.76, 5.4), .5, (2, 3.5), .2)),
    _ObjectClass(
        'orange_drum', 30, 2, .12, 'checks', -20,
        _Timbre((60, 110), (1, 1.6), 1, (3, 6), .08, -3, noise=(2, 50, 500))),
    _ObjectClass(
        'yellow_bee', 60, 2, .20, 'stripes', -40,
        _Timbre((150, 240), _HARMONICS, .7, swing=.06, swing_rate=(4, 8))),
    _ObjectClass('lime_frog', 90, 5, .08, 'dots', 30,
                 _Timbre((1400, 2000), (1, ), tremolo=(28, 45))),
    _ObjectClass('green_siren', 120, 4, .07, 'zigzag', 40,
                 _Timbre((900, 1200), (1, 2), swing=.7)),
    _ObjectClass('teal_bird', 150, 3, .16, 'stripes', 30,
                 _Timbre((3000, 4500), (1, ), 1, (5, 8), .05, 5)),
    _ObjectClass('cyan_fountain', 180, 8, .08, 'rings', 40,
                 _Timbre(noise=(1, 2500, 7500))),
    _ObjectClass(
        'azure_whistle', 210, 4, .10, 'plain', -20,
        _Timbre((380, 560), (1, 1.26, 1.5, 3), .5, noise=(1, 600, 2400))),
    _ObjectClass('blue_clarinet', 240, 2, .15, 'dots', 40,
                 _Timbre((220, 400), _ODD, .7, (2, 4), melody=True)),
    _ObjectClass('violet_guitar', 270, 6, .10, 'rings', 40,
                 _Timbre((100, 180), _HARMONICS, .7, (4, 6), .1, melody=True)),
    _ObjectClass('magenta_clock', 300, 0, .0, 'checks', -30,
                 _Timbre(beats=(5, 9), decay=.006, noise=(1, 1500, 7000))),
    _ObjectClass(
        'pink_robot', 335, 4, .05, 'zigzag', 30,
        _Timbre((350, 600), _ODD, 1, (9, 13), melody=True, tremolo=(60, 90))),
)
CLASSES: Tuple[str, ...] = tuple(c.name for c in _CLASSES)


def _hsv(hue: Any, saturation: Any, value: Any) -> Array:
    """RGB (..., 3) in [0, 255] of HSV; hue in degrees, the rest in [0, 1]."""
    hsv = np.stack(np.broadcast_arrays(hue % 360, saturation, value), -1)
    flat = hsv.reshape(1, -1, 3).astype(np.float32)
    return 255 * cv2.cvtColor(flat, cv2.COLOR_HSV2RGB).reshape(hsv.shape)


def _grid(rng: Generator, height: int, width: int,
          cycles: float) -> Tuple[Array, Array]:
    """Rotated, shifted texture coordinates, ``cycles`` per frame height."""
    y, x = np.mgrid[:height, :width] * (2 * np.pi * cycles / height)
    angle, (dx, dy) = rng.uniform(0, np.pi), rng.uniform(0, 99, 2)
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * x - sin * y + dx, sin * x + cos * y + dy


def _background(rng: Generator, height: int, width: int) -> Array:
    """Muted gradient, noise, pattern and small clutter, uint8 (H, W, 3)."""
    size, cells = (width, height), int(rng.integers(2, 12))
    noise = cv2.resize(rng.random((cells, cells)), size)
    u, v = _grid(rng, height, width, rng.uniform(1, 8))
    pattern = list(_TEXTURES.values())[rng.integers(len(_TEXTURES))](u, v)
    mix = rng.dirichlet([1, 1, 1])
    tone = mix[0] * noise + mix[1] * pattern + mix[2] * (u / np.ptp(u) % 1)
    low, high = np.sort(rng.uniform(0.1, 0.9, 2))
    value = low + (high - low) * np.clip(tone, 0, 1)
    hue = rng.uniform(0, 360) + rng.uniform(0, 120) * noise
    image = _hsv(hue, rng.uniform(0, 0.3), value).astype(np.uint8)
    for _ in range(rng.integers(0, 12)):
        centre = tuple(int(p) for p in rng.integers(0, size))
        axes = tuple(int(p) for p in rng.integers(2, 9, 2))
        colour = _hsv(*rng.uniform((0, 0, .2), (360, .6, .9))).tolist()
        cv2.ellipse(image, centre, axes, rng.uniform(0, 180), 0, 360, colour,
                    -1, cv2.LINE_AA)
    return image


def _outline(rng: Generator, spec: _ObjectClass, box: Array) -> Array:
    """Rotated outline stretched to fill ``box`` (pixels), shape (90, 2)."""
    theta = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 1 + spec.depth * np.cos(spec.lobes * theta)
    theta = theta + rng.uniform(0, 2 * np.pi)
    points = radius[:, None] * np.stack([np.cos(theta), np.sin(theta)], 1)
    low, high = points.min(0), points.max(0)
    return box[:2] + (points - low) / (high - low) * (box[2:] - box[:2])


def _paint(rng: Generator, image: Array, spec: _ObjectClass,
           box: Array) -> Array:
    """Paint an object over ``image`` in place; returns its mask (H, W)."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    points = np.round(_outline(rng, spec, box) * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)
    u, v = _grid(rng, height, width, rng.uniform(5, 8))
    pattern = _TEXTURES[spec.texture](u, v)
    hue = spec.hue + rng.normal(0, 5) + spec.accent * pattern
    dark = rng.uniform(0.15, 0.4)
    value = rng.uniform(0.75, 1) * (1 - dark * pattern)
    colour = _hsv(hue, rng.uniform(0.65, 1), value)
    alpha = mask[..., None] / np.float32(255)
    image += alpha * (colour - image)
    return mask >= 128


def _places(rng: Generator) -> Array:
    """Two boxes on opposite sides of the frame, xyxy in [0, 1], (2, 4)."""
    side = np.array([(1, 0), (0, 1), (1, 1), (1, -1)][rng.integers(4)])
    area, along = rng.uniform((.34, .47), (.52, .6), (2, 2)).T
    aspect = np.exp(rng.uniform(-0.15, 0.15, 2))
    size = np.sqrt(area)[:, None] * np.stack([aspect, 1 / aspect], 1)
    if 0 in side:
        size = np.where(side, along[:, None], (area / along)[:, None])
    size = np.minimum(size, 1)
    room, edge = 1 - size, rng.uniform(0, 0.05, (2, 2))
    edge = np.minimum(edge, room)
    far = np.array([[1], [-1]]) * side > 0
    free = room * rng.random((2, 2))
    start = np.where(side, np.where(far, room - edge, edge), free)
    return rng.permutation(np.concatenate([start, start + size], 1))


def _tight_box(mask: Array) -> Box:
    """Tight box of a mask (H, W), xyxy normalised to [0, 1]."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    edges = [cols[0], rows[0], cols[-1] + 1, rows[-1] + 1]
    return (np.array(edges) / np.tile(mask.shape[::-1], 2)).tolist()


def _draw(rng: Generator, sounding: _ObjectClass,
          silent: Optional[_ObjectClass], height: int,
          width: int) -> Tuple[Array, Array]:
    """Frame (H, W, 3) and masks (2, H, W) of the two visible parts."""
    image = _background(rng, height, width).astype(np.float32)
    places = _places(rng) * (np.array([width, height] * 2) - 1)
    masks = np.zeros((2, height, width), bool)
    specs = (sounding, silent)
    for i in rng.permutation(2):
        spec = specs[i]
        if spec is not None:
            masks[i] = _paint(rng, image, spec, places[i])
            masks[1 - i] &= ~masks[i]
    return image.round().astype(np.uint8), masks


def _sound(rng: Generator, spec: _ObjectClass, duration: float) -> Array:
    """Clip (S,) of a class with random level and background noise."""
    t = np.arange(int(round(duration * SAMPLE_RATE))) / SAMPLE_RATE
    wave = _synthesize(rng, spec.timbre, t)
    wave = wave / (np.abs(wave).max() + 1e-9)
    hiss = 10**rng.uniform(-3, -2.2) * rng.standard_normal(len(t))
    wave = rng.uniform(0.3, 0.9) * (wave + hiss)
    return np.clip(wave, -1, 1).astype(np.float32)


def make_scene(seed: int,
               split: str,
               index: int,
               height: int = 128,
               width: int = 144,
               duration: float = 1.5,
               distractor_rate: float = 0.5) -> SyntheticScene:
    """Make one scene, a pure function of its arguments.

    Args:
        seed (int): Seed of the benchmark, >= 0.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        index (int): Number of the scene in its split, >= 0.
        height (int): Frame height H in pixels.
        width (int): Frame width W in pixels.
        duration (float): Length of the clip in seconds.
        distractor_rate (float): Share of frames with a silent object.

    Returns:
        SyntheticScene: Frame, clip, boxes and classes.

    Raises:
        ValueError: If there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(
            f'split must be one of {tuple(SPLITS)}, but got {split!r}')
    rng = np.random.default_rng([seed, SPLITS[split], index])
    first, second = rng.choice(len(_CLASSES), 2, replace=False)
    sounding = _CLASSES[first]
    silent = _CLASSES[second] if rng.random() < distractor_rate else None
    image, masks = _draw(rng, sounding, silent, height, width)
    return SyntheticScene(
        image=image,
        waveform=_sound(rng, sounding, duration),
        sample_rate=SAMPLE_RATE,
        boxes=[_tight_box(masks[0])],
        class_name=sounding.name,
        distractor=silent.name if silent else None,
        distractor_box=_tight_box(masks[1]) if silent else None,
        mask=masks[0],
        distractor_mask=masks[1] if silent else None)
