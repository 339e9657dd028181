"""Evaluation a clip at a time, the usual way, as a yardstick.

Written anew from the description of the published test script: batches of
one, PIL and PyAV, SciPy's spectrogram on the host, each map enlarged,
normalised, sorted and compared by itself in NumPy.

The script goes twice over all clips: once it enlarges the audio-visual map
bilinearly, once bicubically. Of each clip in each pass: a full picture of
float64 for every box and their union;
two maps enlarged by torch, and three normalised; three full sorts; and for
each of the three maps every sum of the cIoU twice, once for the ratio and once
for the two parts that the published function returns beside it and its caller
drops. Not counted: the copies of the target on its way through the loader,
the pictures that can be written, the lists of cIoUs that are.
"""
from typing import Any, Dict, List, Sequence, Tuple

import av
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.signal import spectrogram
from torch import Tensor, nn
from torch.utils.data import Dataset
from torchvision import transforms

SIZE = 224
TEMPERATURE = 0.03
ALPHA = 0.4
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
KINDS = ('audio_visual', 'object', 'fused')
# Interpolation of the audio-visual map by the protocol of each pass.
PASSES = dict(
    fnac_test=dict(mode='bilinear', align_corners=True),
    fnac_test_bicubic=dict(mode='bicubic', align_corners=False))


def read_centre(path: str, seconds: float = 3.0) -> Tuple[np.ndarray, int]:
    """Decode the frames around the middle of a recording.

    Args:
        path (str): Sound file.
        seconds (float): Length of the window. Defaults to 3.0.

    Returns:
        tuple[np.ndarray, int]: (S,) float64 and the rate in Hz.
    """
    with av.open(path) as container:
        stream = container.streams.audio[0]
        stream.codec_context.thread_type = 'NONE'
        length = float(stream.duration * stream.time_base)
        begin = max(length / 2 - seconds / 2, 0)
        end = min(begin + seconds, length)
        resampler = av.AudioResampler('s16p', 'mono', stream.rate)
        container.seek(int(begin * av.time_base))
        parts: List[np.ndarray] = []
        first = begin
        for frame in container.decode(stream):
            time = float(frame.pts * frame.time_base)
            if time + frame.samples / stream.rate < begin:
                continue
            if time > end:
                break
            first = first if parts else time
            frame.pts = None
            parts += [p.to_ndarray() for p in resampler.resample(frame)]
        rate = int(stream.rate)
    sound = np.concatenate(parts, axis=1)[:, int((begin - first) * rate):]
    sound = sound[:, :int((end - begin) * rate)] / np.iinfo(sound.dtype).max
    mono = np.clip(sound, -1, 1).mean(axis=0)
    wanted = int(seconds * rate)
    if len(mono) < wanted:
        mono = np.tile(mono, wanted // len(mono) + 1)
    return mono[:wanted], rate


def read_spectrogram(path: str) -> np.ndarray:
    """Log spectrogram of the window.

    Args:
        path (str): Sound file.

    Returns:
        np.ndarray: (F, T) float64, not yet divided by 12.
    """
    power = spectrogram(*read_centre(path), nperseg=512, noverlap=274)[2]
    return np.log(power + 1e-7)


def pixel_boxes(boxes: Sequence[Sequence[float]]) -> List[np.ndarray]:
    """Fractions of the picture to pixels.

    Args:
        boxes (Sequence): (N, 4) xyxy.

    Returns:
        list[np.ndarray]: (4,) int each.
    """
    return [(np.clip(np.array(b), 0, 1) * SIZE).astype(int) for b in boxes]


def draw_target(boxes: Sequence[np.ndarray]) -> np.ndarray:
    """Union of boxes, a full picture for each.

    Args:
        boxes (Sequence[np.ndarray]): (4,) int, pixels.

    Returns:
        np.ndarray: (224, 224) float64.
    """
    target = np.zeros((SIZE, SIZE))
    for x0, y0, x1, y1 in boxes:
        one = np.zeros((SIZE, SIZE))
        one[y0:y1, x0:x1] = 1
        target += one
    target[target > 0] = 1
    return target


class OneByOneClips(Dataset):
    """Frame, spectrogram, boxes and target of each clip.

    Args:
        clips (Sequence[dict]): ``sample_id``, ``img_path``, ``audio_path``
            and ``gt_boxes`` of each.
    """

    def __init__(self, clips: Sequence[Dict[str, Any]]) -> None:
        self.clips = list(clips)
        self.picture = transforms.Compose([
            transforms.Resize((SIZE, SIZE),
                              transforms.InterpolationMode.BICUBIC),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD)
        ])
        self.sound = transforms.Compose(
            [transforms.ToTensor(),
             transforms.Normalize((0.0, ), (12.0, ))])

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Tuple[Tensor, Tensor, dict, str]:
        clip = self.clips[index]
        picture = self.picture(Image.open(clip['img_path']).convert('RGB'))
        sound = self.sound(read_spectrogram(clip['audio_path']))
        boxes = pixel_boxes(clip['gt_boxes'])
        truth = dict(boxes=boxes, target=draw_target(boxes))
        return picture, sound, truth, clip['sample_id']


def raw_maps(model: nn.Module, visual: Tensor, audio: Tensor) -> Tensor:
    """Similarities over the temperature, as they come with the loss.

    Args:
        model (nn.Module): The localizer.
        visual (Tensor): (1, C, h, w), unit length.
        audio (Tensor): (1, C), unit length.

    Returns:
        Tensor: (1, h, w).
    """
    model.loss_module(visual, audio)
    every = torch.einsum('nchw,mc->nmhw', visual, audio) / TEMPERATURE
    index = torch.arange(len(visual))
    return every[index, index]


def _min_max(map: np.ndarray) -> np.ndarray:
    low, high = map.min(), map.max()
    return (map - low) / (high - low) if high > low else map


def _enlarge(map: Tensor, options: Dict[str, Any]) -> np.ndarray:
    large = F.interpolate(map[:, None], size=(SIZE, SIZE), **options)
    return large.numpy()[0, 0]


def _ciou(map: np.ndarray, target: np.ndarray,
          limit: float) -> Tuple[float, float, float]:
    """Ratio and its parts, of sums that are evaluated for each."""
    region = np.zeros((SIZE, SIZE))
    region[map >= limit] = 1

    def hit() -> float:
        return np.sum(region * target)

    def union() -> float:
        return np.sum(target) + np.sum(region * (target == 0))

    return hit() / union(), hit(), union()


class OneByOneScore:
    """cIoU of three maps of each clip, and what is said of all of them.

    Args:
        protocol (str): Key of ``PASSES``.
    """

    def __init__(self, protocol: str) -> None:
        self._options = PASSES[protocol]
        self.cious: Dict[str, List[float]] = {kind: [] for kind in KINDS}

    def add(self, map: Tensor, objectness: Tensor, target: np.ndarray) -> None:
        """Score a clip.

        Args:
            map (Tensor): (1, h, w), audio-visual.
            objectness (Tensor): (1, h', w').
            target (np.ndarray): (224, 224).
        """
        own = _min_max(_enlarge(map, self._options))
        other = _min_max(_enlarge(objectness, PASSES['fnac_test']))
        fused = _min_max(own * ALPHA + other * (1 - ALPHA))
        truth = target[None]
        for kind, large in zip(KINDS, (own, other, fused)):
            limit = np.sort(large.flatten())[int(SIZE * SIZE * 0.5)]
            self.cious[kind].append(float(_ciou(large, truth, limit)[0]))

    def summarize(self) -> Dict[str, float]:
        """The numbers of all clips.

        Returns:
            dict[str, float]: Percent, by the keys of ``LocalizationMetric``.
        """
        numbers: Dict[str, float] = {}
        limits = [0.05 * k for k in range(21)]
        for kind, values in self.cious.items():
            cious = np.array(values)
            rates = [np.mean(cious >= limit) for limit in limits]
            numbers[f'{kind}/ciou@0.5'] = 100 * float(np.mean(cious >= 0.5))
            numbers[f'{kind}/mean_ciou'] = 100 * float(np.mean(cious))
            numbers[f'{kind}/auc'] = 100 * float(np.trapezoid(rates, limits))
        return numbers
