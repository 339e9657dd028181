"""From a dict of arrays to the inputs of the network."""
from typing import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from fnac_mm.registry import TRANSFORMS
from fnac_mm.structures import AVDataSample


@TRANSFORMS.register_module()
class PackAVInputs(BaseTransform):
    """Pack the picture, the sound and what is known about them.

    **Required Keys:**

    - img (np.ndarray): (H, W, 3) uint8, BGR.
    - waveform (np.ndarray): (S,) float32 or int16.
    - gt_boxes (np.ndarray, optional): (N, 4) xyxy as fractions.
    - gt_mask (np.ndarray, optional): (H', W'), 1 where the source is.
    - ``*meta_keys`` (optional)

    **Deleted Keys:**

    All other keys.

    **Added Keys:**

    - inputs (dict): ``image`` (3, H, W) uint8, RGB; ``waveform`` (S,).
    - data_samples (AVDataSample)

    Args:
        meta_keys (Sequence[str]): Keys that the data sample keeps, where
            they are present.
    """

    def __init__(
        self,
        meta_keys: Sequence[str] = ('sample_id', 'img_path', 'audio_path',
                                    'ori_shape', 'img_shape', 'sample_rate',
                                    'class_name', 'group', 'negative_kind')
    ) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack a sample.

        Raises:
            ValueError: If the picture was flipped but has boxes or a mask,
                which no transform flips.
        """
        sample = AVDataSample()
        for key in self.meta_keys:
            if key in results:
                # ``metainfo=`` would copy the values, one by one.
                sample.set_field(results[key], key, field_type='metainfo')
        known = [k for k in ('gt_boxes', 'gt_mask') if k in results]
        if known and results.get('flip'):
            raise ValueError(
                f'{results.get("img_path")}: the picture is flipped, its '
                f'{known[0]} is not; use the test pipeline (Resize to a '
                'fixed size) for annotated samples')
        if 'gt_boxes' in results:
            sample.set_gt_boxes(results['gt_boxes'])
        if 'gt_mask' in results:
            sample.set_gt_mask(torch.from_numpy(results['gt_mask']))
        rgb = np.ascontiguousarray(results['img'][..., ::-1].transpose(
            2, 0, 1))
        return dict(
            inputs=dict(
                image=torch.from_numpy(rgb),
                waveform=torch.from_numpy(results['waveform'])),
            data_samples=sample)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(meta_keys={self.meta_keys})'
