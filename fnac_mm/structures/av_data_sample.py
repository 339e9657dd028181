"""The object that travels with a sample."""
from typing import Optional

import numpy as np
import torch
from mmengine.structures import BaseDataElement, PixelData
from numpy.typing import ArrayLike
from torch import Tensor


class AVDataSample(BaseDataElement):
    """Annotation and prediction of one frame and its sound.

    Meta fields: ``sample_id`` (str), ``img_path`` and ``audio_path`` (str),
    ``ori_shape`` and ``img_shape`` ((H, W) before and after the pipeline),
    ``sample_rate`` (Hz) and, where they are known, ``class_name``, ``group``
    (samples that count together) and ``negative_kind`` (why nothing in the
    frame sounds), all str.

    Attributes:
        gt_boxes (np.ndarray): (N, 4) float64, xyxy as fractions of the
            picture. No tensor: it keeps the annotation to the last bit on
            any device, and is sent by a loader's worker by value.
        gt_mask (PixelData): ``data`` (1, H', W') uint8, 1 where the source
            is, of the whole picture at a size of its own.
        pred_map (PixelData): ``data`` (1, h, w), cosines, not resized.
        pred_object_map (PixelData): ``data`` (1, h, w), objectness.
        visual_feature (Tensor): (C, h, w), and
        audio_feature (Tensor): (C,), unit length over C: what ``pred_map``
            is the product of.

    Examples:
        >>> import torch
        >>> sample = AVDataSample(metainfo=dict(sample_id='a'))
        >>> _ = sample.set_gt_boxes([[0.1, 0.2, 0.5, 0.9]])
        >>> sample.gt_boxes.shape
        (1, 4)
        >>> _ = sample.set_pred_map(torch.zeros(7, 7))
        >>> sample.pred_map.shape
        (7, 7)
    """
    gt_boxes: np.ndarray
    gt_mask: PixelData
    pred_map: PixelData
    pred_object_map: PixelData
    visual_feature: Tensor
    audio_feature: Tensor

    def set_gt_boxes(self, boxes: ArrayLike) -> 'AVDataSample':
        """Set the annotated boxes, (N, 4) xyxy as fractions; returns self."""
        array = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        self.set_field(array, 'gt_boxes')
        return self

    def set_gt_mask(self, mask: Tensor) -> 'AVDataSample':
        """Set the mask (H', W'), 1 where the source is; returns self."""
        self.gt_mask = PixelData(data=mask[None].to(torch.uint8))
        return self

    def set_pred_map(self,
                     audio_visual: Tensor,
                     objectness: Optional[Tensor] = None) -> 'AVDataSample':
        """Set the predicted maps, (h, w) and (h', w'); returns self."""
        self.pred_map = PixelData(data=audio_visual[None])
        if objectness is not None:
            self.pred_object_map = PixelData(data=objectness[None])
        return self

    def set_features(self, visual: Tensor, audio: Tensor) -> 'AVDataSample':
        """Set the features that the map is the product of; returns self."""
        self.visual_feature, self.audio_feature = visual, audio
        return self
