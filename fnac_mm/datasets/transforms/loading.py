"""Reading the frame and the sound of a clip."""
from typing import Any, Optional

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine import fileio

from fnac_mm.functional import load_waveform
from fnac_mm.media.pictures import read_picture
from fnac_mm.registry import TRANSFORMS

# What has one reader; the others are mmcv's.
_OWN_BACKENDS = ('pillow', 'simplejpeg')
_OWN_COLORS = ('color', 'color_ignore_orientation')


class _OrSkip:
    """What ``on_error`` of a loading transform means."""

    def __init__(self, on_error: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if on_error not in ('raise', 'skip'):
            raise ValueError(f"on_error must be 'raise' or 'skip', got "
                             f'{on_error!r}')
        self.on_error = on_error

    def transform(self, results: dict) -> Optional[dict]:
        """The sample with the file loaded.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it can't be read.
        """
        try:
            self._add(results)
        except (OSError, ValueError) as error:
            if self.on_error == 'raise':
                raise
            results['load_error'] = str(error)
            return None
        return results

    def _add(self, results: dict) -> None:
        """Load the file and add what it holds."""
        raise NotImplementedError


@TRANSFORMS.register_module()
class LoadImage(_OrSkip, LoadImageFromFile):
    """Load a picture, or say which file is broken.

    A truncated file is an error with the ``pillow`` backend; ``cv2`` would
    fill the rest with grey. Grey, palette and CMYK pictures are converted to
    three channels; transparency is ignored. ``simplejpeg`` gives the same
    pixels and errors as ``pillow``, in half the time for an ordinary JPEG,
    and leaves all other files to ``pillow``.

    **Required Keys:**

    - img_path

    **Added Keys:**

    - img (np.ndarray): (H, W, 3) uint8, BGR.
    - img_shape (tuple[int, int])
    - ori_shape (tuple[int, int])
    - load_error (str): Only if the file is broken and ``on_error='skip'``.

    Args:
        imdecode_backend (str): ``'simplejpeg'`` or one of
            :func:`mmcv.imfrombytes`. Defaults to 'pillow'.
        on_error (str): ``'raise'``, or ``'skip'`` to return None, which
            :class:`~fnac_mm.datasets.AVLocalizationDataset` logs, counts and
            replaces in training. Defaults to 'raise'.
        **kwargs: Arguments of :class:`mmcv.transforms.LoadImageFromFile`.
    """

    def __init__(self,
                 imdecode_backend: str = 'pillow',
                 on_error: str = 'raise',
                 **kwargs: Any) -> None:
        super().__init__(
            on_error=on_error, imdecode_backend=imdecode_backend, **kwargs)

    def _add(self, results: dict) -> None:
        image = self._load(results['img_path'])
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]

    def _load(self, path: str) -> np.ndarray:
        """(H, W, 3) BGR; errors name the file."""
        if self.imdecode_backend in _OWN_BACKENDS \
                and self.color_type in _OWN_COLORS:
            image = read_picture(
                path,
                self.backend_args,
                order='BGR',
                upright=self.color_type == 'color',
                fast=self.imdecode_backend == 'simplejpeg')
        else:
            image = self._load_by_mmcv(path)
        return image.astype(np.float32) if self.to_float32 else image

    def _load_by_mmcv(self, path: str) -> np.ndarray:
        """Grey pictures, and other backends."""
        content = fileio.get(path, backend_args=self.backend_args)
        backend = self.imdecode_backend.replace('simplejpeg', 'pillow')
        try:
            image, reason = mmcv.imfrombytes(
                content, flag=self.color_type, backend=backend), backend
        except (OSError, ValueError, cv2.error) as error:
            image, reason = None, str(error)
        if image is None:
            raise ValueError(f'{path}: not a readable picture of '
                             f'{len(content)} bytes ({reason})')
        return image

    def __repr__(self) -> str:
        return f'{super().__repr__()[:-1]}, on_error={self.on_error!r})'


def replace_sound(waveform: np.ndarray,
                  kind: str,
                  seed: int = 0) -> np.ndarray:
    """Silence or noise in the place of a sound.

    Args:
        waveform (np.ndarray): (S,) float32, what is replaced.
        kind (str): ``'silence'`` (zeros) or ``'noise'`` (independent normal
            samples of unit variance, not clipped).
        seed (int): Of the noise. Defaults to 0.

    Raises:
        ValueError: If there is no such kind.
    """
    if kind == 'silence':
        return np.zeros_like(waveform)
    if kind == 'noise':
        rng = np.random.default_rng(seed)
        return rng.standard_normal(len(waveform), dtype=np.float32)
    raise ValueError(f"audio_override: kind must be 'silence' or 'noise', "
                     f'got {kind!r}')


@TRANSFORMS.register_module()
class LoadAudio(_OrSkip, BaseTransform):
    """Load a window of the sound.

    See :func:`fnac_mm.functional.load_waveform`.

    **Required Keys:**

    - audio_path
    - audio_override (dict, optional): Arguments ``kind`` and ``seed`` of
      :func:`replace_sound`; the file then says how long the sound is.

    **Added Keys:**

    - waveform (np.ndarray): (S,) float32 in [-1, 1]; noise exceeds it. Or
      int16, see ``to_float32``.
    - sample_rate (int): Hz.
    - load_error (str): Only if the file is broken and ``on_error='skip'``.

    Args:
        duration (float): Seconds. Defaults to 3.0.
        sample_rate (int, optional): Resample to this rate in Hz; None keeps
            the rate of the file, as published. Defaults to 16000.
        start (float, optional): First second; None takes the centre.
            Defaults to None.
        on_error (str): As in :class:`LoadImage`. Defaults to 'raise'.
        to_float32 (bool): False leaves the samples of a mono file of 16 bits
            at the wanted rate as they are; the data preprocessor scales them
            to the same numbers. Defaults to True.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self,
                 duration: float = 3.0,
                 sample_rate: Optional[int] = 16000,
                 start: Optional[float] = None,
                 on_error: str = 'raise',
                 to_float32: bool = True) -> None:
        super().__init__(on_error=on_error)
        if duration <= 0 or (sample_rate is not None and sample_rate <= 0):
            raise ValueError('duration and sample_rate must be positive, got '
                             f'{duration} and {sample_rate}')
        if start is not None and start < 0:
            raise ValueError(f'start must not be negative, got {start}')
        self.duration = duration
        self.sample_rate = sample_rate
        self.start = start
        self.to_float32 = to_float32

    def _add(self, results: dict) -> None:
        waveform, rate = load_waveform(results['audio_path'], self.duration,
                                       self.start, self.sample_rate,
                                       not self.to_float32)
        results['waveform'] = waveform.numpy()
        if 'audio_override' in results:
            results['waveform'] = replace_sound(results['waveform'],
                                                **results['audio_override'])
        results['sample_rate'] = rate

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(duration={self.duration}, '
                f'sample_rate={self.sample_rate}, start={self.start}, '
                f'on_error={self.on_error!r}, '
                f'to_float32={self.to_float32})')
