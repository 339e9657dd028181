"""One picture of a sample: frame, heat map, predicted region, true source."""
import logging
from typing import Any, Dict, Optional, Union

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.logging import print_log
from mmengine.visualization import Visualizer
from torch import Tensor

from fnac_mm.functional import (Protocol, boxes_to_target, consensus_iou,
                                get_protocol, normalize_map, select_region)
from fnac_mm.registry import VISUALIZERS
from fnac_mm.structures import AVDataSample
from fnac_mm.utils import atomic_path
from .overlay import draw_overlay


@VISUALIZERS.register_module()
class LocalizationVisualizer(Visualizer):
    """Draw samples as the metric sees them.

    The map is enlarged, normalised and cut as the protocol does, and then
    stretched to the frame: the outlined region is the one that is scored.

    Args:
        name (str): Name of the instance. Defaults to ``'visualizer'``.
        protocol (str | Protocol): Name of a preset, or the protocol itself.
            Defaults to ``'fnac_test'``.
        kind (str): Which map: ``'audio_visual'`` (default), or ``'object'``
            or ``'fused'`` where the model gives an object map.
        colormap (str): A colour map of OpenCV. Defaults to ``'inferno'``.
        **kwargs: Arguments of :class:`mmengine.visualization.Visualizer`.

    Raises:
        ValueError: If the protocol is unknown.

    Examples:
        >>> import numpy as np
        >>> import torch
        >>> visualizer = LocalizationVisualizer()
        >>> sample = AVDataSample(metainfo=dict(sample_id='a'))
        >>> sample = sample.set_pred_map(torch.rand(7, 7))
        >>> frame = np.zeros((90, 160, 3), np.uint8)
        >>> visualizer.add_datasample('a', frame, sample).shape
        (90, 160, 3)
    """

    def __init__(self,
                 name: str = 'visualizer',
                 protocol: Union[str, Protocol] = 'fnac_test',
                 kind: str = 'audio_visual',
                 colormap: str = 'inferno',
                 **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.protocol = get_protocol(protocol)
        self.kind = kind
        self.colormap = colormap

    @master_only
    def add_scalars(self, *args: Any, **kwargs: Any) -> None:
        """As the parent; a full disk does not end training."""
        try:
            super().add_scalars(*args, **kwargs)
        except OSError as error:
            print_log(
                f'these numbers could not be written: {error}',
                'current',
                level=logging.WARNING)

    @master_only
    def add_datasample(self,
                       name: str,
                       image: np.ndarray,
                       data_sample: AVDataSample,
                       draw_gt: bool = True,
                       draw_pred: bool = True,
                       draw_caption: bool = True,
                       alpha: float = 0.5,
                       show: bool = False,
                       wait_time: float = 0,
                       out_file: Optional[str] = None,
                       step: int = 0) -> np.ndarray:
        """Draw a sample; show it, write it, or hand it to the backends.

        Args:
            name (str): Name of the picture.
            image (ndarray): (H, W, 3) RGB uint8, the frame as it was found.
            data_sample (AVDataSample): Annotation and prediction.
            draw_gt (bool): Draw true boxes or mask. Defaults to True.
            draw_pred (bool): Draw the map and its region. Defaults to True.
            draw_caption (bool): Write id, class and cIoU. Defaults to True.
            alpha (float): Opacity of the map. Defaults to 0.5.
            show (bool): Open a window. Defaults to False.
            wait_time (float): Seconds to show; 0 waits for a key.
            out_file (str, optional): Write there instead of to the backends.
            step (int): Step for the backends. Defaults to 0.

        Returns:
            ndarray: (H, W, 3) RGB uint8.

        Raises:
            ValueError: If the model gives no map of the wanted kind.
            OSError: If the file cannot be written.
        """
        parts: Dict[str, Any] = {}
        if draw_pred and 'pred_map' in data_sample:
            parts = self.describe(data_sample)
        score = parts.pop('score', None)
        if draw_gt:
            parts.update(true_source(data_sample))
        caption = [str(data_sample.get('sample_id', name))]
        caption.append(data_sample.get('class_name') or '')
        caption.append('' if score is None else f'cIoU {score:.2f}')
        drawn = draw_overlay(
            image,
            caption='  '.join(filter(None, caption)) if draw_caption else '',
            alpha=alpha,
            colormap=self.colormap,
            **parts)
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is None:
            self.add_image(name, drawn, step=step)
        else:
            write_image(out_file, drawn)
        return drawn

    def describe(self, sample: AVDataSample) -> Dict[str, Any]:
        """What is to be drawn of a prediction, as the metric sees it.

        Args:
            sample (AVDataSample): With ``pred_map``.

        Returns:
            dict: ``map`` (h, w) in [0, 1] and ``region`` (h, w) bool, for
            :func:`draw_overlay`; where there is something to be found and
            ``dataset_meta`` says how boxes combine, ``score``: the cIoU,
            which for a mask is the IoU.

        Raises:
            ValueError: If the model gives no map of the wanted kind.
        """
        protocol = self.protocol
        objectness = None
        if 'pred_object_map' in sample:
            objectness = sample.pred_object_map.data.detach().cpu().float()
        maps = protocol.maps(sample.pred_map.data.detach().cpu().float(),
                             objectness)
        if self.kind not in maps:
            raise ValueError(f'sample {sample.get("sample_id")!r} has no '
                             f'{self.kind!r} map to draw; it has '
                             f'{", ".join(maps)}')
        large = maps[self.kind]
        cut = (protocol.area, protocol.compare, protocol.threshold)
        result: Dict[str, Any] = dict(
            map=normalize_map(large)[0].numpy(),
            region=select_region(large, *cut)[0].numpy())
        target = self._target(sample)
        if target is not None:
            result['score'] = float(consensus_iou(large, target[None], *cut))
        return result

    def _target(self, sample: AVDataSample) -> Optional[Tensor]:
        """(size, size) in [0, 1]; None if there is nothing to be found."""
        size = self.protocol.size
        rule = self.dataset_meta or {}
        if 'gt_boxes' in sample:
            boxes = sample.gt_boxes
            if rule.get('combine') is None or not len(boxes):
                return None
            return boxes_to_target(boxes, size, rule['combine'],
                                   rule.get('consensus', 2))
        if 'gt_mask' not in sample or not sample.gt_mask.data.any():
            return None
        mask = sample.gt_mask.data[0].float()
        return mask if mask.shape == (size, size) else None


def true_source(sample: AVDataSample) -> Dict[str, Any]:
    """``boxes`` or else ``mask`` of a sample, for :func:`draw_overlay`."""
    boxes = sample.gt_boxes.tolist() if 'gt_boxes' in sample else None
    parts: Dict[str, Any] = {} if boxes is None else dict(boxes=boxes)
    if not boxes and 'gt_mask' in sample:
        parts['mask'] = sample.gt_mask.data[0].numpy()
    return parts


def write_image(path: str, image: np.ndarray) -> None:
    """Write a picture; folders are made if needed.

    Args:
        path (str): File; the suffix tells the format.
        image (ndarray): (H, W, 3) RGB uint8.

    Raises:
        OSError: If the file cannot be written.
    """
    with atomic_path(path) as draft:
        try:
            done = cv2.imwrite(str(draft), image[..., ::-1])
        except cv2.error as error:
            raise OSError(f'{path}: cannot write this picture: '
                          f'{error}') from error
        if not done:
            raise OSError(f'{path}: cannot write this picture')
