"""Reading the mask of a source."""
from typing import Optional, Tuple

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine import fileio
from PIL import Image

from fnac_mm.media.pictures import open_picture
from fnac_mm.registry import TRANSFORMS

# Modes whose numbers are not brightness: an index of a palette, and a bit.
_INDEXED = ('P', '1')


def _foreground(picture: Image.Image, threshold: int) -> np.ndarray:
    """(H, W) bool; the colours of a palette play no part."""
    if picture.mode in _INDEXED:
        return np.asarray(picture) != 0
    if picture.mode not in ('L', 'LA', 'RGB', 'RGBA'):
        raise ValueError(f'mode {picture.mode} is not that of a mask; convert '
                         'it to 8 bits of grey')
    if picture.format == 'JPEG' and threshold < 1:
        raise ValueError('a JPEG has grey fringes around what was black; '
                         'give LoadMask threshold=127')
    values = np.atleast_3d(np.asarray(picture))
    # Transparency is no brightness.
    channels = 1 if picture.mode in ('L', 'LA') else 3
    return values[..., :channels].max(-1) > threshold


def _resize_nearest(mask: np.ndarray, size: int) -> np.ndarray:
    """(H, W) to (size, size): the pixel under each new pixel's centre."""
    rows, columns = (((np.arange(size) + 0.5) * side / size).astype(int)
                     for side in mask.shape)
    return mask[rows[:, None], columns]


@TRANSFORMS.register_module()
class LoadMask(BaseTransform):
    """Load the mask of the source as 0 and 1.

    Foreground is a value above the threshold (in colour: of any channel); in
    a palette picture an index other than 0, and in one of 1 bit a set bit,
    whatever the threshold. A mask of another size is squashed, as the frame
    is, by the nearest pixel.

    **Required Keys:**

    - mask_path (str | None): None says that nothing in the frame sounds.
    - mask_threshold (int, optional)

    **Added Keys:**

    - gt_mask (np.ndarray): (size, size) uint8, 1 where the source is.

    Args:
        threshold (int, optional): Values above it, of 0 to 255, are
            foreground. None (default): that of the data set, 0 for PNG
            (AVSBench) and 127 for JPEG (IS3, VPO).
        size (int): Pixels of each side, those of the published evaluation.
            Defaults to 224.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self,
                 threshold: Optional[int] = None,
                 size: int = 224) -> None:
        if threshold is not None and not 0 <= threshold < 255:
            raise ValueError(f'threshold must be in [0, 254], got {threshold}')
        if size < 1:
            raise ValueError(f'size must be at least 1, got {size}')
        self.threshold = threshold
        self.size = size

    def transform(self, results: dict) -> dict:
        """Load the mask.

        Raises:
            FileNotFoundError: If there is no such file.
            KeyError: If the data set gives no mask.
            ValueError: If it can't be read as a mask of 8 bits at most, or
                is a JPEG with a threshold of 0.
        """
        if 'mask_path' not in results:
            raise KeyError(f'{results.get("sample_id")!r} has no mask_path; '
                           "give the data set data_prefix['mask_path'] or "
                           'remove LoadMask')
        shape: Tuple[int, int] = (self.size, self.size)
        if results['mask_path'] is None:
            results['gt_mask'] = np.zeros(shape, np.uint8)
            return results
        threshold = self.threshold
        if threshold is None:
            threshold = results.get('mask_threshold', 0)
        mask = self._load(results['mask_path'], threshold)
        if mask.shape != shape:
            mask = _resize_nearest(mask, self.size)
        results['gt_mask'] = mask.astype(np.uint8)
        return results

    @staticmethod
    def _load(path: str, threshold: int) -> np.ndarray:
        """(H, W) bool; errors name the file."""
        try:
            content = fileio.get(path)
        except FileNotFoundError as error:
            raise FileNotFoundError(f'{path}: no such mask') from error
        with open_picture(content, path, 'mask') as picture:
            return _foreground(picture, threshold)

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(threshold={self.threshold}, '
                f'size={self.size})')
