"""What a user asks about, and its way into the network."""
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from mmcv.transforms import Compose
from torch import Tensor

from fnac_mm.datasets.transforms import LoadAudio, LoadImage
from fnac_mm.functional import load_waveform, window_waveform
from fnac_mm.functional.loudness import SILENT, gain_to_target, loudness
from fnac_mm.media.video import read_video_frame

Picture = Union[str, np.ndarray]
Sound = Union[str, Tuple[Union[np.ndarray, Tensor], int]]

# Transforms after which a map no longer lies on the whole picture
_MOVING = ('Crop', 'Pad', 'Flip', 'Rotat', 'Affine')


@dataclass
class InferenceInput:
    """A picture and its sound.

    Attributes:
        sample_id (str): Name of the results.
        image (str | np.ndarray): File, or (H, W, 3) uint8 RGB.
        audio (str | tuple): File, or mono waveform (S,) and its rate in Hz.
        time (float, optional): Second around which to listen; None is the
            centre of the recording.
    """
    sample_id: str
    image: Picture
    audio: Sound
    time: Optional[float] = None


def _parse(item: Any, index: int) -> InferenceInput:
    """One input; errors say which."""
    name = f'input {index}'
    if not isinstance(item, dict):
        raise TypeError(f'{name}: expected a dict with image and audio, or '
                        f'video, got {type(item).__name__}')
    given: Dict[str, Any] = {
        key: os.fspath(value) if isinstance(value, Path) else value
        for key, value in item.items() if value is not None
    }
    parts = given.keys() - {'time', 'sample_id'}
    if parts not in ({'image', 'audio'}, {'video'}):
        raise ValueError(f'{name}: expected image and audio, or video; also '
                         f'time and sample_id; got {sorted(given)}')
    time = given.get('time')
    source = given['video' if 'video' in given else 'image']
    if 'video' in given:
        given.update(audio=source, image=read_video_frame(source, time)[0])
    image, audio = given['image'], given['audio']
    if not isinstance(image, (str, np.ndarray)):
        raise TypeError(f'{name}: image must be a path or an array, got '
                        f'{type(image).__name__}')
    if isinstance(image, np.ndarray) and (image.ndim, image.shape[2:],
                                          image.dtype) != (3, (3, ), np.uint8):
        raise ValueError(f'{name}: image must be (H,W,3) uint8 RGB, got '
                         f'{image.shape} {image.dtype}')
    pair = isinstance(audio, (tuple, list)) and len(audio) == 2 and isinstance(
        audio[0], (np.ndarray, Tensor))
    if not isinstance(audio, str) and not pair:
        raise TypeError(f'{name}: audio must be a path or (waveform, '
                        f'sample_rate), got {type(audio).__name__}')
    default = Path(source).stem if isinstance(source, str) else f'{index:06d}'
    return InferenceInput(
        given.get('sample_id') or default, image, audio, time)


def parse_inputs(inputs: Any) -> List[InferenceInput]:
    """Check what the user gave and name each.

    Args:
        inputs (dict | Sequence[dict]): See
            :class:`~fnac_mm.apis.LocalizationInferencer`.

    Returns:
        list[InferenceInput]: With different names: a repeated one gets
        ``_2``, ``_3`` and so on.

    Raises:
        TypeError: If an input is of another type.
        ValueError: If one lacks a part or has unknown ones.
        FileNotFoundError: If a video is missing.
    """
    items: Sequence = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    if not items:
        raise ValueError('no inputs given')
    parsed: List[InferenceInput] = []
    for index, item in enumerate(items):
        entry = _parse(item, index)
        base, count = entry.sample_id, 1
        while any(entry.sample_id == other.sample_id for other in parsed):
            count += 1
            entry.sample_id = f'{base}_{count}'
        parsed.append(entry)
    return parsed


def tell_of_silence(name: str, peak: float) -> None:
    """Warn of a file whose largest sample can't be heard."""
    if peak < SILENT:
        warnings.warn(
            f'{name}: the sound is silent (below -60 dB of full scale); what '
            'is placed means nothing',
            stacklevel=2)


class InferencePipeline:
    """The test pipeline of a config, for files and for arrays.

    Args:
        transforms (Sequence): Built transforms. The first ``LoadImage`` and
            ``LoadAudio`` tell how to read.

    Raises:
        ValueError: If a transform cuts or turns the picture, so that a map
            could not be laid over it.
    """

    def __init__(self, transforms: Sequence) -> None:
        loaders = (LoadImage, LoadAudio)
        for transform in transforms:
            name = type(transform).__name__
            if any(word in name for word in _MOVING):
                raise ValueError(
                    f'{name} in the test pipeline moves the picture under '
                    'the map; use Resize to a fixed size instead')
        self.load_image = next(
            (t for t in transforms if isinstance(t, LoadImage)), LoadImage())
        self.load_audio = next(
            (t for t in transforms if isinstance(t, LoadAudio)), LoadAudio())
        self.load_image.on_error = 'raise'
        self.rest = Compose(
            [t for t in transforms if not isinstance(t, loaders)])

    def read_picture(self, image: Picture) -> np.ndarray:
        """Read or pass a picture: (H, W, 3) uint8 RGB."""
        if isinstance(image, np.ndarray):
            return image
        return self.load_image(dict(img_path=image))['img'][..., ::-1]

    def _read_sound(self, item: InferenceInput) -> Tuple[np.ndarray, int]:
        """Window of the sound and its rate; errors name the input."""
        duration = self.load_audio.duration
        start = self.load_audio.start
        if item.time is not None:
            start = max(item.time - duration / 2, 0.0)
        target = self.load_audio.sample_rate
        if isinstance(item.audio, str):
            waveform, rate = load_waveform(item.audio, duration, start, target)
        else:
            try:
                waveform, rate = window_waveform(*item.audio, duration, start,
                                                 target)
            except (TypeError, ValueError) as error:
                raise type(error)(f'{item.sample_id}: {error}') from error
        tell_of_silence(
            item.audio if isinstance(item.audio, str) else item.sample_id,
            float(waveform.abs().max()))
        return waveform.numpy(), rate

    def pack_picture(self, picture: np.ndarray) -> Tensor:
        """The picture (H, W, 3) RGB alone, as uint8 (3, H', W').

        For sound that is analysed elsewhere; ValueError if a transform changes
        it.
        """
        rate = self.load_audio.sample_rate or 16000
        probe = np.linspace(-1, 1, int(self.load_audio.duration * rate), True,
                            False, np.float32)
        inputs = self._pack(picture, probe, rate)['inputs']
        if not np.array_equal(inputs['waveform'], probe):
            raise ValueError('a transform of the test pipeline changes the '
                             'sound, which is analysed once for a whole '
                             'video; look at single frames (--still)')
        return inputs['image']

    def _pack(self, rgb: np.ndarray, waveform: np.ndarray, rate: int,
              **known: Any) -> dict:
        """Through the rest of the transforms."""
        return self.rest(
            dict(
                known,
                img=np.ascontiguousarray(rgb[..., ::-1]),
                img_shape=rgb.shape[:2],
                ori_shape=rgb.shape[:2],
                waveform=waveform,
                sample_rate=rate))

    def __call__(self, item: InferenceInput, gain: str = 'none') -> dict:
        """Load and pack into ``inputs`` and ``data_samples`` (``gain_db``)."""
        paths = dict(img_path=item.image, audio_path=item.audio)
        known: Any = {k: v for k, v in paths.items() if isinstance(v, str)}
        waveform, rate = self._read_sound(item)
        decibels = 0.0
        if gain == 'auto':
            decibels = gain_to_target(loudness([waveform], rate))
            waveform = waveform * np.float32(10**(decibels / 20))
        packed = self._pack(
            self.read_picture(item.image),
            waveform,
            rate,
            sample_id=item.sample_id,
            **known)
        packed['data_samples'].set_metainfo(dict(gain_db=round(decibels, 2)))
        return packed
