"""The usual way of reading a clip, for comparison only.

Written after the published loaders: the whole recording is decoded, all is
floating point, one sample at a time. What a sample is, is the same as ours.
"""
from pathlib import Path
from typing import List, Tuple

import av
import numpy as np
import torch
from PIL import Image
from scipy.signal import spectrogram
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import InterpolationMode, transforms

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def read_sound(path: Path, duration: float = 3.0) -> Tuple[np.ndarray, int]:
    """(S,) of the middle of a recording, all of which is decoded; Hz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        rate = stream.rate
        resampler = av.AudioResampler('s16p', 'mono', rate)
        parts = [
            part.to_ndarray()[0] for frame in container.decode(stream)
            for part in resampler.resample(frame)
        ]
    samples = np.concatenate(parts).astype(np.float64) / 32767
    length = int(duration * rate)
    first = max((len(samples) - length) // 2, 0)
    samples = np.clip(samples[first:first + length], -1, 1)
    return np.tile(samples, -(-length // len(samples)))[:length], rate


class UsualClips(Dataset):
    """Frames and spectrograms as the network takes them, in float32.

    Args:
        folder (Path): With ``frames/<id>.jpg`` and ``audio/<id>.wav``.
    """

    def __init__(self, folder: Path) -> None:
        self.frames: List[Path] = sorted((folder / 'frames').glob('*.jpg'))
        self.resize = transforms.Resize(246, InterpolationMode.BICUBIC)
        self.finish = transforms.Compose(
            [transforms.ToTensor(),
             transforms.Normalize(MEAN, STD)])

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Tuple[Tensor, Tensor, str]:
        path = self.frames[index]
        samples, rate = read_sound(path.parent.parent / 'audio' /
                                   f'{path.stem}.wav')
        power = spectrogram(samples, rate, nperseg=512, noverlap=274)[2]
        audio = torch.from_numpy(np.log(power + 1e-7)).float()[None] / 12
        image = self.resize(Image.open(path).convert('RGB'))
        # Drawn as by our pipeline, so that the pictures can be compared.
        top = np.random.randint(0, image.height - 223)
        left = np.random.randint(0, image.width - 223)
        image = image.crop((left, top, left + 224, top + 224))
        if np.random.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return self.finish(image), audio, path.stem
