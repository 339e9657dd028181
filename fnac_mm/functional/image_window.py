"""Resizing a picture without the part that is cropped away."""
import functools
from typing import List, NamedTuple, Tuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import resize

_BICUBIC = Image.Resampling.BICUBIC

# New columns that one matrix product makes: few, since each depends on only
# a few old ones, but enough for a vector unit.
_BLOCK = 16


class _Block(NamedTuple):
    """New columns [first, last) of old ones [source_first, source_last)."""
    first: int
    last: int
    source_first: int
    source_last: int
    weights: Tensor  # (3 * old, 3 * new): a band for each of the channels


@functools.lru_cache(maxsize=4096)
def _columns_first(width: int, height: int, new_width: int,
                   new_height: int) -> bool:
    """Whether this Pillow resamples columns before rows.

    It rounds in between, so the order tells in sharp pictures; which one it
    takes depends on the sizes, by a rule that versions change.
    """
    noise = np.random.default_rng(0).integers(0, 2, (height, width, 3))
    picture = Image.fromarray((255 * noise).astype(np.uint8))
    columns = picture.resize((new_width, height), _BICUBIC)
    whole = picture.resize((new_width, new_height), _BICUBIC)
    steps = columns.resize((new_width, new_height), _BICUBIC)
    return whole.tobytes() == steps.tobytes()


def _bicubic_weights(size: int, new_size: int) -> np.ndarray:
    """(size, new_size): Keys' kernel (a = -0.5), widened for shrinking."""
    scale = size / new_size
    stretch = max(scale, 1.0)
    centre = (np.arange(new_size) + 0.5) * scale
    # Taps whose centres are within two (stretched) pixels, as Pillow rounds.
    first = np.maximum((centre - 2 * stretch + 0.5).astype(int), 0)
    last = np.minimum((centre + 2 * stretch + 0.5).astype(int), size)
    index = np.arange(size)[:, None]
    x = np.abs((index - centre + 0.5) / stretch)
    weights = np.where(x < 1, (1.5 * x - 2.5) * x * x + 1,
                       (((5 - x) * x - 8) * x + 4) * 0.5)
    weights[(x >= 2) | (index < first) | (index >= last)] = 0
    return weights / weights.sum(axis=0)


@functools.lru_cache(maxsize=128)
def _blocks(size: int, new_size: int) -> List[_Block]:
    """The resampling of a row of RGB pixels as small matrices."""
    # Pillow's fixed point: 22 bits after the point, exact in float32.
    weights = np.rint(_bicubic_weights(size, new_size) * 2**22) / 2**22
    blocks = []
    for first in range(0, new_size, _BLOCK):
        part = weights[:, first:first + _BLOCK]
        used = part.any(axis=1).nonzero()[0]
        source = slice(int(used[0]), int(used[-1]) + 1)
        band = np.kron(part[source], np.eye(3)).astype(np.float32)
        blocks.append(
            _Block(first, first + part.shape[1], source.start, source.stop,
                   torch.from_numpy(band)))
    return blocks


def _resize_columns(image: np.ndarray, width: int, left: int,
                    columns: int) -> Tensor:
    """Columns of the picture resized to this width, rows as they are."""
    height = len(image)
    blocks = [
        b for b in _blocks(image.shape[1], width)
        if b.last > left and b.first < left + columns
    ]
    origin, begin = blocks[0].source_first, blocks[0].first
    source = torch.from_numpy(
        image[:, origin:blocks[-1].source_last]).flatten(1).float()
    result = source.new_empty(height, 3 * (blocks[-1].last - begin))
    for block in blocks:
        torch.mm(
            source[:, 3 * (block.source_first - origin):3 *
                   (block.source_last - origin)],
            block.weights,
            out=result[:, 3 * (block.first - begin):3 * (block.last - begin)])
    result.add_(0.5).clamp_(0, 255)
    own = result.numpy()[:, 3 * (left - begin):3 * (left - begin + columns)]
    # NumPy converts in a sixth of torch's time, and rounds down as well.
    # Torchvision takes a strip without gaps in two fifths of the time.
    pixels = torch.from_numpy(own.astype(np.uint8, order='C'))
    return pixels.view(height, columns, 3)


def resize_window(image: np.ndarray, size: Tuple[int, int],
                  window: Tuple[int, int, int, int]) -> np.ndarray:
    """A window of the picture that Pillow's bicubic resizing would give.

    Antialiased, and rounded after each direction as Pillow does. Columns:
    those of the window, by matrix products with Pillow's own weights; a
    rounding differs on about 0.001 % of the pixels. Rows: by torchvision,
    whose weights have 15 bits; 0.2 % of the pixels differ by 1 grey level.
    (With torchvision in both directions one in a million differs by 2; so,
    only between pure black and white, one in a million here.)
    Where Pillow resamples rows first, in tall pictures, all is left to it.

    Args:
        image (np.ndarray): (H, W, 3) uint8.
        size (tuple[int, int]): (height, width) of the whole result.
        window (tuple[int, int, int, int]): (top, left, height, width) in it.

    Returns:
        np.ndarray: The window, (height, width, 3) uint8.

    Raises:
        TypeError: If the picture is not (H, W, 3) uint8.
        ValueError: If the window is not inside the result.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise TypeError('expected a picture (H, W, 3) of uint8, got '
                        f'{image.shape} of {image.dtype}')
    top, left, rows, columns = window
    if (min(top, left) < 0 or min(rows, columns) < 1 or top + rows > size[0]
            or left + columns > size[1]):
        raise ValueError(f'window (top, left, height, width) = {window} is '
                         f'not inside of {size}')
    height, width = image.shape[:2]
    if not _columns_first(width, height, size[1], size[0]):
        whole = Image.fromarray(image).resize(size[::-1], _BICUBIC)
        return np.array(whole)[top:top + rows, left:left + columns]
    # Pillow's arrays are read-only, mmcv's have their channels reversed.
    own = np.require(image, requirements=('C', 'W'))
    strip = _resize_columns(own, size[1], left, columns)
    resized = resize(
        strip.permute(2, 0, 1), [size[0], columns],
        InterpolationMode.BICUBIC,
        antialias=True)
    return resized[:, top:top + rows].permute(1, 2, 0).numpy()
