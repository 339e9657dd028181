"""Synthetic audio-visual scenes with known sources.

One scene is a frame and a clip. A *sounding* object of one of twelve
classes is drawn over a cluttered background and heard in the clip; in about
half of the frames a second, *silent* object of another class stands beside
it. Each class has its own look (hue, outline, texture) and its own timbre,
all varied from sample to sample, so that only the correspondence of look and
sound tells the two objects apart: a coin decides which of two places sounds.

Every scene is a pure function of ``(seed, split, index)``.

Shape legend: H, W frame height and width; S audio samples.
"""
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Tuple

import cv2
import numpy as np
from numpy.random import Generator
from scipy.signal import butter, chirp, lfilter, sawtooth, sosfilt, square

Array = np.ndarray
Box = List[float]

SAMPLE_RATE = 16000
SPLITS: Dict[str, int] = {'train': 0, 'val': 1, 'test': 2}


@dataclass
class SyntheticScene:
    """A frame, a clip and what is known about them.

    Attributes:
        image (np.ndarray): Frame, uint8 RGB, shape (H, W, 3).
        waveform (np.ndarray): Clip, float32 in [-1, 1], shape (S,).
        sample_rate (int): Samples per second of ``waveform``.
        boxes (list[list[float]]): Tight box of the sounding object's visible
            part, xyxy, normalised to [0, 1].
        class_name (str): Class of the sounding object.
        distractor (str, optional): Class of the silent object, if any.
        distractor_box (list[float], optional): Its tight box.
        mask (np.ndarray): Visible part of the sounding object, bool,
            shape (H, W).
    """
    image: Array
    waveform: Array
    sample_rate: int
    boxes: List[Box]
    class_name: str
    distractor: Optional[str]
    distractor_box: Optional[Box]
    mask: Array


# --------------------------------------------------------------- timbres
# Each takes a generator and the sample times t (S,) in seconds and returns a
# waveform (S,) of any level.


def _onsets(rng: Generator, t: Array, low: float, high: float) -> Array:
    """Onset times (s) of a slightly irregular rhythm, low..high per s."""
    period = 1 / rng.uniform(low, high)
    beats = np.arange(-rng.random(), t[-1] / period) * period
    return beats + rng.normal(0, 0.05 * period, len(beats))


def _hit(t: Array, onset: float, decay: float) -> Array:
    """Envelope (S,) that jumps to 1 at ``onset`` and decays (seconds)."""
    since = t - onset
    return np.where(since >= 0, np.exp(-np.maximum(since, 0) / decay), 0)


def _phase(frequency: Array) -> Array:
    """Phase (S,) in radians of a frequency curve (S,) in Hz."""
    return 2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE


def _notes(rng: Generator, t: Array, rate: float, base: float) -> Array:
    """Frequency curve (S,) in Hz stepping through a random melody."""
    steps = rng.choice([0, 2, 4, 7, 9], int(t[-1] * rate) + 2)
    return base * 2**(steps[(t * rate).astype(int)] / 12)


def _noise(rng: Generator, t: Array, kind: str, cutoff) -> Array:
    """White noise (S,) through a fourth-order Butterworth filter (Hz)."""
    sos = butter(4, cutoff, kind, fs=SAMPLE_RATE, output='sos')
    return sosfilt(sos, rng.standard_normal(len(t)))


def _bell(rng: Generator, t: Array) -> Array:
    pitch, wave = rng.uniform(600, 1000), np.zeros_like(t)
    for onset in _onsets(rng, t, 2, 3.5):
        env = _hit(t, onset, 0.25)
        modulator = 3 * env * np.sin(2 * np.pi * 1.41 * pitch * t)
        wave += env * np.sin(2 * np.pi * pitch * t + modulator)
    return wave


def _drum(rng: Generator, t: Array) -> Array:
    pitch, wave = rng.uniform(60, 110), np.zeros_like(t)
    skin = _noise(rng, t, 'low', 500)
    for onset in _onsets(rng, t, 3, 6):
        curve = pitch * (1 + 2 * _hit(t, onset, 0.03))
        wave += _hit(t, onset, 0.09) * (np.sin(_phase(curve)) + skin)
    return wave


def _bee(rng: Generator, t: Array) -> Array:
    wobble = 1 + 0.04 * np.sin(2 * np.pi * rng.uniform(4, 8) * t)
    tremolo = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(9, 15) * t)
    return tremolo * sawtooth(_phase(rng.uniform(150, 260) * wobble))


def _frog(rng: Generator, t: Array) -> Array:
    pulses = square(2 * np.pi * rng.uniform(28, 45) * t, 0.3) > 0
    croak = np.sin(2 * np.pi * rng.uniform(900, 1300) * t) * pulses
    gate = square(2 * np.pi * rng.uniform(2, 3.5) * (t + rng.random()), 0.6)
    return croak * (gate > 0)


def _siren(rng: Generator, t: Array) -> Array:
    swing = np.sin(2 * np.pi * (rng.uniform(1, 2) * t + rng.random()))
    phase = _phase(rng.uniform(900, 1200) * 2**(0.7 * swing))
    return np.sin(phase) + 0.5 * np.sin(2 * phase)


def _bird(rng: Generator, t: Array) -> Array:
    start, length = rng.uniform(3000, 4500), rng.uniform(0.06, 0.1)
    wave = np.zeros_like(t)
    for onset in _onsets(rng, t, 5, 8):
        since = t - onset
        inside = (since >= 0) & (since < length)
        sweep = chirp(since, start, length, start + 2000)
        wave += inside * np.sin(np.pi * since / length)**2 * sweep
    return wave


def _fountain(rng: Generator, t: Array) -> Array:
    swell = 1 + 0.3 * np.sin(2 * np.pi * (rng.random() * t + rng.random()))
    return swell * _noise(rng, t, 'high', rng.uniform(1500, 2500))


def _whistle(rng: Generator, t: Array) -> Array:
    base = 2 * np.pi * rng.uniform(380, 560)
    chord = sum(np.sin(base * k * t) for k in (1, 1.26, 1.5, 2, 3))
    return chord + 0.6 * _noise(rng, t, 'band', [600, 2400])


def _clarinet(rng: Generator, t: Array) -> Array:
    phase = _phase(_notes(rng, t, rng.uniform(2, 4), rng.uniform(220, 400)))
    return sum(np.sin(k * phase) / k**0.7 for k in (1, 3, 5, 7, 9))


def _guitar(rng: Generator, t: Array) -> Array:
    wave = np.zeros_like(t)
    for onset in _onsets(rng, t, 4, 6):
        delay = int(SAMPLE_RATE / (rng.uniform(110, 160) * rng.choice([1, 2])))
        pluck = np.zeros_like(t)
        start = max(int(onset * SAMPLE_RATE), 0)
        burst = pluck[start:start + delay]
        burst[:] = rng.uniform(-1, 1, len(burst))
        loop = np.r_[1, np.zeros(delay - 1), -0.492, -0.492]
        wave += lfilter([1.0], loop, pluck)
    return wave


def _clock(rng: Generator, t: Array) -> Array:
    wave, ring = np.zeros_like(t), 2 * np.pi * rng.uniform(2200, 3200)
    click = 2 * rng.standard_normal(len(t))
    for onset in _onsets(rng, t, 5, 9):
        wave += _hit(t, onset, 0.006) * (np.sin(ring * t) + click)
    return wave


def _robot(rng: Generator, t: Array) -> Array:
    curve = _notes(rng, t, rng.uniform(9, 13), rng.uniform(500, 800))
    ring = np.sin(2 * np.pi * rng.uniform(60, 90) * t)
    return ring * square(_phase(curve))


# --------------------------------------------------------------- textures
# Each maps object coordinates u, v (H, W) to a pattern (H, W) in [0, 1].

Texture = Callable[[Array, Array], Array]


def _wave(x: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(3 * np.sin(x))


_TEXTURES: Dict[str, Texture] = {
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
    timbre: Callable[[Generator, Array], Array]


_CLASSES: Tuple[_ObjectClass, ...] = (
    _ObjectClass('red_bell', 0, 3, .10, 'plain', 20, _bell),
    _ObjectClass('orange_drum', 30, 2, .12, 'checks', -20, _drum),
    _ObjectClass('yellow_bee', 60, 2, .20, 'stripes', -40, _bee),
    _ObjectClass('lime_frog', 90, 5, .08, 'dots', 30, _frog),
    _ObjectClass('green_siren', 120, 4, .07, 'zigzag', 40, _siren),
    _ObjectClass('teal_bird', 150, 3, .16, 'stripes', 30, _bird),
    _ObjectClass('cyan_fountain', 180, 8, .08, 'rings', 40, _fountain),
    _ObjectClass('azure_whistle', 210, 4, .10, 'plain', -20, _whistle),
    _ObjectClass('blue_clarinet', 240, 2, .15, 'dots', 40, _clarinet),
    _ObjectClass('violet_guitar', 270, 6, .10, 'rings', 40, _guitar),
    _ObjectClass('magenta_clock', 300, 0, .0, 'checks', -30, _clock),
    _ObjectClass('pink_robot', 335, 4, .05, 'zigzag', 30, _robot),
)
CLASSES: Tuple[str, ...] = tuple(c.name for c in _CLASSES)


# ---------------------------------------------------------------- drawing


def _hsv(hue, saturation, value) -> Array:
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
    """Muted gradient, noise, pattern and small clutter, float (H, W, 3)."""
    size, cells = (width, height), int(rng.integers(2, 12))
    noise = cv2.resize(rng.random((cells, cells)), size)
    u, v = _grid(rng, height, width, rng.uniform(1, 8))
    pattern = list(_TEXTURES.values())[rng.integers(len(_TEXTURES))](u, v)
    mix = rng.dirichlet([1, 1, 1])
    tone = mix[0] * noise + mix[1] * pattern + mix[2] * (u / np.ptp(u) % 1)
    low, high = np.sort(rng.uniform(0.1, 0.9, 2))
    value = low + (high - low) * np.clip(tone, 0, 1)
    hue = rng.uniform(0, 360) + rng.uniform(0, 120) * noise
    image = _hsv(hue, rng.uniform(0, 0.3), value)
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
    direction = np.array([(1, 0), (0, 1), (1, 1), (1, -1)][rng.integers(4)])
    boxes = []
    for sign in (-1, 1):
        area = rng.uniform(0.34, 0.52)
        aspect = np.exp(rng.uniform(-0.15, 0.15))
        size = np.sqrt(area) * np.array([aspect, 1 / aspect])
        if 0 in direction:
            along = rng.uniform(0.47, 0.6)
            size = np.where(direction, along, area / along)
        room = np.clip(1 - size, 0, None)
        edge = rng.uniform(0, 0.05, 2)
        near = np.where(sign * direction < 0, edge, room - edge)
        start = np.where(direction, near, rng.random(2) * room)
        start = np.clip(start, 0, room)
        boxes.append([*start, *np.minimum(start + size, 1)])
    return np.array(boxes)[rng.permutation(2)]


def _tight_box(mask: Array) -> Box:
    """Tight box of a mask (H, W), xyxy normalised to [0, 1]."""
    rows, cols = mask.any(1).nonzero()[0], mask.any(0).nonzero()[0]
    height, width = mask.shape
    return [
        float(cols[0] / width),
        float(rows[0] / height),
        float((cols[-1] + 1) / width),
        float((rows[-1] + 1) / height)
    ]


# ------------------------------------------------------------------ scene


def _draw(rng: Generator, sounding: _ObjectClass,
          silent: Optional[_ObjectClass], height: int,
          width: int) -> Tuple[Array, Array, Optional[Box]]:
    """Frame (H, W, 3), mask (H, W) of the source and the silent box."""
    image = _background(rng, height, width).astype(np.float32)
    scale = np.array([width, height, width, height]) - 1
    places = _places(rng) * scale
    if silent is None:
        mask = _paint(rng, image, sounding, places[0])
        return image.round().astype(np.uint8), mask, None
    masks, specs = [None, None], (sounding, silent)
    behind, front = rng.permutation(2)
    for i in (behind, front):
        masks[i] = _paint(rng, image, specs[i], places[i])
    masks[behind] &= ~masks[front]
    box = _tight_box(masks[1])
    return image.round().astype(np.uint8), masks[0], box


def _sound(rng: Generator, spec: _ObjectClass, duration: float) -> Array:
    """Clip (S,) of a class with random level and background noise."""
    t = np.arange(int(round(duration * SAMPLE_RATE))) / SAMPLE_RATE
    wave = spec.timbre(rng, t)
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
    """
    if split not in SPLITS:
        raise ValueError(
            f'split must be one of {tuple(SPLITS)}, but got {split!r}')
    rng = np.random.default_rng([seed, SPLITS[split], index])
    first, second = rng.choice(len(_CLASSES), 2, replace=False)
    sounding = _CLASSES[first]
    silent = _CLASSES[second] if rng.random() < distractor_rate else None
    image, mask, silent_box = _draw(rng, sounding, silent, height, width)
    return SyntheticScene(
        image=image,
        waveform=_sound(rng, sounding, duration),
        sample_rate=SAMPLE_RATE,
        boxes=[_tight_box(mask)],
        class_name=sounding.name,
        distractor=silent.name if silent else None,
        distractor_box=silent_box,
        mask=mask)
