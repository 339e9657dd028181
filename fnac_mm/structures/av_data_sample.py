"""The object that travels with a sample."""
from multiprocessing.reduction import ForkingPickler
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import torch
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from torch import Tensor


class AVDataSample(BaseDataElement):
    """Annotation and prediction of one frame and its sound.

    Meta fields: ``sample_id`` (str), ``img_path`` and ``audio_path`` (str),
    ``ori_shape`` and ``img_shape`` ((H, W) before and after the pipeline),
    ``sample_rate`` (Hz) and, where they are known, ``class_name``, ``group``
    (samples that count together) and ``negative_kind`` (why nothing in the
    frame sounds), all str.

    Data fields:

    * ``gt_instances`` (InstanceData): ``boxes`` (N, 4), xyxy as fractions of
      the picture;
    * ``gt_mask`` (PixelData): ``data`` (1, H', W') uint8, 1 where the source
      is, of the whole picture at a size of its own;
    * ``pred_map`` (PixelData): ``data`` (1, h, w), cosines, not resized;
    * ``pred_object_map`` (PixelData): ``data`` (1, h, w), objectness;
    * ``visual_feature`` (Tensor): (C, h, w), and ``audio_feature`` (Tensor):
      (C,), unit length over C: what ``pred_map`` is the product of.

    Examples:
        >>> import torch
        >>> sample = AVDataSample(metainfo=dict(sample_id='a'))
        >>> _ = sample.set_gt_boxes([[0.1, 0.2, 0.5, 0.9]])
        >>> sample.gt_instances.boxes.shape
        torch.Size([1, 4])
        >>> _ = sample.set_pred_map(torch.zeros(7, 7))
        >>> sample.pred_map.shape
        (7, 7)
    """

    @property
    def gt_instances(self) -> InstanceData:
        """InstanceData: Annotated boxes."""
        return self._gt_instances

    @gt_instances.setter
    def gt_instances(self, value: InstanceData) -> None:
        self.set_field(value, '_gt_instances', dtype=InstanceData)

    @gt_instances.deleter
    def gt_instances(self) -> None:
        del self._gt_instances

    @property
    def gt_mask(self) -> PixelData:
        """PixelData: Annotated pixels."""
        return self._gt_mask

    @gt_mask.setter
    def gt_mask(self, value: PixelData) -> None:
        self.set_field(value, '_gt_mask', dtype=PixelData)

    @gt_mask.deleter
    def gt_mask(self) -> None:
        del self._gt_mask

    @property
    def pred_map(self) -> PixelData:
        """PixelData: Audio-visual map."""
        return self._pred_map

    @pred_map.setter
    def pred_map(self, value: PixelData) -> None:
        self.set_field(value, '_pred_map', dtype=PixelData)

    @pred_map.deleter
    def pred_map(self) -> None:
        del self._pred_map

    @property
    def pred_object_map(self) -> PixelData:
        """PixelData: Object map, which has heard nothing."""
        return self._pred_object_map

    @pred_object_map.setter
    def pred_object_map(self, value: PixelData) -> None:
        self.set_field(value, '_pred_object_map', dtype=PixelData)

    @pred_object_map.deleter
    def pred_object_map(self) -> None:
        del self._pred_object_map

    def set_gt_boxes(self, boxes: Sequence[Sequence[float]]) -> 'AVDataSample':
        """Set the annotated boxes.

        Args:
            boxes (Sequence): (N, 4) xyxy as fractions; N may be 0.

        Returns:
            AVDataSample: self.
        """
        tensor = torch.as_tensor(boxes, dtype=torch.float64).reshape(-1, 4)
        self.gt_instances = InstanceData(boxes=tensor)
        return self

    def set_gt_mask(self, mask: Tensor) -> 'AVDataSample':
        """Set the annotated pixels.

        Args:
            mask (Tensor): (H', W'), 1 where the source is, else 0.

        Returns:
            AVDataSample: self.
        """
        self.gt_mask = PixelData(data=mask[None].to(torch.uint8))
        return self

    def set_pred_map(self,
                     audio_visual: Tensor,
                     objectness: Optional[Tensor] = None) -> 'AVDataSample':
        """Set the predicted maps.

        Args:
            audio_visual (Tensor): (h, w), cosines.
            objectness (Tensor, optional): (h', w').

        Returns:
            AVDataSample: self.
        """
        self.pred_map = PixelData(data=audio_visual[None])
        if objectness is not None:
            self.pred_object_map = PixelData(data=objectness[None])
        return self

    def set_features(self, visual: Tensor, audio: Tensor) -> 'AVDataSample':
        """Set the features that the map is the product of.

        Args:
            visual (Tensor): (C, h, w), unit length over C.
            audio (Tensor): (C,), unit length.

        Returns:
            AVDataSample: self.
        """
        self.set_field(visual, 'visual_feature', dtype=Tensor)
        self.set_field(audio, 'audio_feature', dtype=Tensor)
        return self


def _rebuild(fields: Dict[str, Any], boxes: List[List[float]]) -> AVDataSample:
    sample = AVDataSample()
    sample.__dict__.update(fields)
    return sample.set_gt_boxes(boxes)


def _reduce(sample: AVDataSample) -> Union[str, Tuple[Any, ...]]:
    """What a loader's worker sends: boxes as numbers.

    As a tensor they would travel through a file of shared memory, which takes
    longer than it takes to read a packed sample.
    """
    instances = sample.get('gt_instances')
    boxes = None if instances is None else instances.get('boxes')
    if not isinstance(boxes, Tensor) or instances.keys() != ['boxes'] or \
            boxes.dtype != torch.float64 or boxes.is_cuda or \
            boxes.requires_grad or instances.metainfo_keys():
        return sample.__reduce_ex__(2)
    fields = {k: v for k, v in vars(sample).items() if k != '_gt_instances'}
    return _rebuild, (fields, boxes.tolist())


ForkingPickler.register(AVDataSample, _reduce)
