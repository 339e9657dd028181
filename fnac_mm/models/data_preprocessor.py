"""From raw pictures and waveforms to the network's input, on the device."""
import inspect
from typing import Optional, Sequence, Union

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from fnac_mm.functional import (log_spectrogram, mask_spectrogram,
                                pcm16_to_float)
from fnac_mm.registry import MODELS
from fnac_mm.structures import AVDataSample


def _refuse_mixed(values: Sequence, samples: Optional[Sequence[AVDataSample]],
                  what: str) -> None:
    """ValueError, by the samples' ids or places, if values differ."""
    if len(set(values)) > 1:
        names = [f'#{i}' for i in range(len(values))]
        if samples is not None:
            names = [s.get('sample_id', n) for s, n in zip(samples, names)]
        found = dict(zip(names, values))
        raise ValueError(f'the batch mixes {what.format(found)}')


@MODELS.register_module()
class AVDataPreprocessor(BaseDataPreprocessor):
    """Normalise pictures and make log spectrograms, a batch at a time.

    Pictures travel to the device as uint8 and sound as waveforms; data
    samples stay where they are.

    Shape legend: B batch, (H, W) pixels, S samples of sound, F frequency
    bins, T time frames.

    Args:
        image_mean (Sequence[float]): Per channel (RGB), in 0..255, of the
            image encoder. Defaults to ImageNet's.
        image_std (Sequence[float]): The same. Defaults to ImageNet's.
        audio_divisor (float): The log spectrogram is divided by it.
            Defaults to 12.0, the published value.
        n_fft (int): Segment length. Defaults to 512.
        hop_length (int): Samples between segments. Defaults to 238.
        sample_rate (int): Hz, for samples that don't tell theirs. Defaults
            to 16000.
        masks (dict, optional): Keyword arguments of
            :func:`fnac_mm.functional.mask_spectrogram`, applied in training
            before the division. None (default) masks nothing.
        non_blocking (bool): Copy to the device asynchronously. Defaults to
            False.

    Raises:
        TypeError: If ``masks`` holds an unknown argument.
        ValueError: If ``audio_divisor`` is 0.
    """

    def __init__(self,
                 image_mean: Sequence[float] = (123.675, 116.28, 103.53),
                 image_std: Sequence[float] = (58.395, 57.12, 57.375),
                 audio_divisor: float = 12.0,
                 n_fft: int = 512,
                 hop_length: int = 238,
                 sample_rate: int = 16000,
                 masks: Optional[dict] = None,
                 non_blocking: bool = False) -> None:
        super().__init__(non_blocking)
        if audio_divisor == 0:
            raise ValueError('audio_divisor must not be 0')
        if masks is not None:
            # A misspelt option is refused now, not at the first batch.
            inspect.signature(mask_spectrogram).bind(None, **masks)
        self.audio_divisor = audio_divisor
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.sample_rate = sample_rate
        self.masks = masks
        self.image_normalization = tuple(image_mean), tuple(image_std)
        for name, value in dict(mean=image_mean, std=image_std).items():
            tensor = torch.tensor(value, dtype=torch.float32).view(-1, 1, 1)
            self.register_buffer(f'image_{name}', tensor, persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare one batch.

        Args:
            data (dict): ``inputs``, a dict of ``image``, uint8 (B, 3, H, W)
                RGB, and ``waveform`` (B, S), in [-1, 1] or int16, or in its
                place ``spectrogram`` (B, F, T) of :meth:`analyze`; each may
                be a list of B tensors. ``data_samples``, a list of B
                :class:`AVDataSample`, may be absent.
            training (bool): Whether to mask. Defaults to False.

        Returns:
            dict: ``inputs``, a dict of ``image``, float32 (B, 3, H, W), and
            ``audio``, float32 (B, 1, F, T); ``data_samples`` as they came.

        Raises:
            ValueError: If the batch mixes sizes, lengths or sample rates,
                or a shape is not as above.
        """
        samples = data.get('data_samples')
        image = self._to_device(data['inputs'], 'image', samples)
        key = 'waveform' if 'waveform' in data['inputs'] else 'spectrogram'
        sound = self._to_device(data['inputs'], key, samples)
        shapes = dict(waveform='(B,S)', spectrogram='(B,F,T)')
        # One value serves any number of channels.
        channels = max(len(self.image_mean), len(self.image_std))
        if (image.dim() != 4 or channels not in (1, image.shape[1])
                or sound.dim() != shapes[key].count(',') + 1):
            raise ValueError(
                f'expected image (B,{channels if channels > 1 else "C"},H,W) '
                f'and {key} {shapes[key]}, got {tuple(image.shape)} and '
                f'{tuple(sound.shape)}')
        if key == 'waveform':
            sound = self.analyze(sound, self._rate_of(samples))
        audio = self._scale(sound[:, None], training)
        # A copy, changed in place: three large ones take three times as long.
        image = image.to(torch.float32, copy=True)
        image.sub_(self.image_mean).div_(self.image_std)
        return dict(
            inputs=dict(image=image, audio=audio), data_samples=samples)

    def renormalize(self, image: Tensor, mean: Sequence[float],
                    std: Sequence[float]) -> Tensor:
        """Normalised (B, 3, H, W) as another network was trained to see them.

        Args:
            image (Tensor): As :meth:`forward` gives them.
            mean (Sequence[float]): Per channel (RGB), in 0..255.
            std (Sequence[float]): Per channel (RGB), in 0..255.
        """
        if (tuple(mean), tuple(std)) == self.image_normalization:
            return image
        own, other = (
            image.new_tensor(values).view(2, -1, 1, 1)
            for values in (self.image_normalization, (mean, std)))
        return (image * own[1] + own[0] - other[0]) / other[1]

    def _to_device(self, inputs: dict, key: str,
                   samples: Optional[Sequence[AVDataSample]]) -> Tensor:
        """One modality as one tensor on the device."""
        value: Union[Tensor, Sequence[Tensor]] = inputs[key]
        if not isinstance(value, Tensor):
            shapes = [tuple(item.shape) for item in value]
            _refuse_mixed(
                shapes, samples, f'shapes of {key}: {{}}; resize pictures to '
                'one size, load sound of one duration and sample_rate')
            value = torch.stack(list(value))
        return self.cast_data(value)

    def _rate_of(self, samples: Optional[Sequence[AVDataSample]]) -> int:
        """The sample rate of the batch."""
        if not samples:
            return self.sample_rate
        rates = [s.get('sample_rate', self.sample_rate) for s in samples]
        _refuse_mixed(
            rates, samples, 'sample rates, in Hz: {}; set sample_rate in '
            'LoadAudio to resample')
        return rates[0]

    def analyze(self, waveform: Tensor, rate: int) -> Tensor:
        """Log spectrograms with the settings of this model.

        Args:
            waveform (Tensor): (..., S), in [-1, 1] or int16.
            rate (int): Hz.

        Returns:
            Tensor: (..., F, T) float32, neither masked nor divided yet.
        """
        if waveform.dtype == torch.int16:
            waveform = pcm16_to_float(waveform)
        with torch.autocast(waveform.device.type, enabled=False):
            return log_spectrogram(
                waveform.float(),
                rate,
                n_fft=self.n_fft,
                hop_length=self.hop_length)

    def _scale(self, audio: Tensor, training: bool) -> Tensor:
        """Mask, in training, and divide (B, 1, F, T)."""
        if training and self.masks is not None:
            audio = mask_spectrogram(audio, **self.masks)
        return audio / self.audio_divisor
