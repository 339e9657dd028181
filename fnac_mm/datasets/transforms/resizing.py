"""Resizing and cropping in one step."""
from typing import Any, Dict

import mmcv
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpretrain.datasets.transforms import RandomCrop
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import resize

from fnac_mm.registry import TRANSFORMS


def resize_short_edge(image: np.ndarray,
                      scale: int,
                      backend: str = 'window') -> np.ndarray:
    """Resize a picture, bicubic and antialiased.

    With ``'window'`` by torchvision: about 0.5 % of the pixels differ by 1
    grey level from Pillow's, whose weights have more bits, and one in 100,000
    by 2. Tall pictures are left to Pillow, which resamples their rows first.

    Args:
        image (np.ndarray): (H, W, 3) uint8.
        scale (int): Pixels of the short edge. The long one is rounded down,
            as by mmpretrain and torchvision.
        backend (str): ``'window'`` or ``'pillow'``. Defaults to 'window'.
    """
    short = min(image.shape[:2])
    size = tuple(int(scale * side / short) for side in image.shape[:2])
    if size == image.shape[:2]:
        return image
    if backend == 'pillow' or len(image) > 2 * image.shape[1]:
        return mmcv.imresize(
            image, size[::-1], interpolation='bicubic', backend='pillow')
    # Pillow's arrays are read-only, mmcv's have their channels reversed.
    own = np.require(image, requirements=('C', 'W'))
    return resize(
        torch.from_numpy(own).permute(2, 0, 1), list(size),
        InterpolationMode.BICUBIC).permute(1, 2, 0).numpy()


@TRANSFORMS.register_module()
class ResizeShortEdge(BaseTransform):
    """Resize the short edge, as :class:`ResizeRandomCrop` does first.

    What packed data holds in the place of frames.

    **Required Keys:**

    - img (np.ndarray): (H, W, 3) uint8.

    **Modified Keys:**

    - img
    - img_shape

    Args:
        scale (int): Pixels of the short edge.
        backend (str): See :func:`resize_short_edge`. Defaults to 'window'.
    """

    def __init__(self, scale: int, backend: str = 'window') -> None:
        self.scale = scale
        self.backend = backend

    def transform(self, results: Dict) -> Dict:
        """Resize."""
        image = resize_short_edge(results['img'], self.scale, self.backend)
        results.update(img=image, img_shape=image.shape[:2])
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(scale={self.scale}, '
                f'backend={self.backend!r})')


@TRANSFORMS.register_module()
class ResizeRandomCrop(RandomCrop):
    """Resize the short edge and crop at random.

    Draws as ``mmpretrain.ResizeEdge`` (``backend='pillow'``,
    ``interpolation='bicubic'``) followed by ``mmpretrain.RandomCrop`` and
    gives their picture: with ``backend='pillow'`` exactly.

    **Required Keys:**

    - img (np.ndarray): (H, W, 3) uint8.

    **Modified Keys:**

    - img
    - img_shape

    Args:
        scale (int): Pixels of the short edge before the crop.
        crop_size (int | Sequence[int]): Pixels of the crop, (height, width)
            or of both sides.
        backend (str): See :func:`resize_short_edge`. Defaults to 'window'.

    Raises:
        ValueError: If the crop is larger than the short edge, or there is no
            such backend.
    """

    def __init__(self,
                 scale: int,
                 crop_size: Any,
                 backend: str = 'window') -> None:
        super().__init__(crop_size)
        if backend not in ('window', 'pillow'):
            raise ValueError("backend must be 'window' or 'pillow', got "
                             f'{backend!r}')
        if max(self.crop_size) > scale:
            raise ValueError(f'crop_size {self.crop_size} is larger than the '
                             f'short edge of {scale}; raise scale')
        self.scale = scale
        self.backend = backend

    def transform(self, results: Dict) -> Dict:
        """Resize and crop."""
        image = resize_short_edge(results['img'], self.scale, self.backend)
        top, left, rows, columns = self.rand_crop_params(image)
        image = image[top:top + rows, left:left + columns]
        results.update(img=image, img_shape=image.shape[:2])
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(scale={self.scale}, '
                f'crop_size={self.crop_size}, backend={self.backend!r})')
