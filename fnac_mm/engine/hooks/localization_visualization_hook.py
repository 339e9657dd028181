"""Pictures of what the model finds, during validation and testing."""
import hashlib
import os.path as osp
from typing import Dict, List, Optional, Sequence, Tuple, Union

import cv2
import numpy as np
from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from fnac_mm.media.pictures import read_picture
from fnac_mm.registry import HOOKS
from fnac_mm.structures import AVDataSample
from fnac_mm.visualization.film_strip import plain_name
from fnac_mm.visualization.overlay import fit

# Pixels of the smaller side of a picture of validation, at least.
SIDE = 224
# A sample with its frame, RGB.
Shown = Tuple[AVDataSample, np.ndarray]


@HOOKS.register_module()
class LocalizationVisualizationHook(Hook):
    """Draw frames with their heat map and boxes through the visualizer.

    Each validation draws the same samples, whatever the number of processes,
    as ``heat_map_<id>`` with the epoch as step: TensorBoard shows a slider,
    ``tools/analysis_tools/film_strip.py`` puts those of LocalVisBackend side
    by side. A test draws at an interval.

    Args:
        enable (bool): Defaults to False.
        interval (int): In tests, every how many samples of the main process
            to draw. Defaults to 50.
        max_samples (int): Pictures per test. Defaults to 16.
        out_dir (str, optional): Folder for ``<sample_id>.png`` of tests.
            None (default) hands them to the visualizer's backends only.
        fixed (int | Sequence[str]): Samples of each validation: their ids,
            or how many; those are drawn by a hash of the id, which depends
            on nothing else. Defaults to 8.

    Raises:
        ValueError: If ``interval`` is less than 1 or ``fixed`` negative.
    """

    def __init__(self,
                 enable: bool = False,
                 interval: int = 50,
                 max_samples: int = 16,
                 out_dir: Optional[str] = None,
                 fixed: Union[int, Sequence[str]] = 8) -> None:
        if interval < 1:
            raise ValueError(f'interval must be at least 1, got {interval}')
        if isinstance(fixed, int) and fixed < 0:
            raise ValueError(f'fixed must not be negative, got {fixed}')
        self.enable = enable
        self.interval = interval
        self.max_samples = max_samples
        self.out_dir = out_dir
        self.fixed = [fixed] if isinstance(fixed, str) else fixed
        self._seen = self._drawn = 0
        self._kept: Dict[str, Shown] = {}

    def before_test_epoch(self, runner: Runner) -> None:
        """Start counting."""
        self._seen = self._drawn = 0

    def after_test_iter(
            self,
            runner: Runner,
            batch_idx: int,
            data_batch: Optional[dict] = None,
            outputs: Optional[Sequence[AVDataSample]] = None) -> None:
        """Draw every ``interval``-th sample."""
        if not self.enable or not is_main_process():
            return
        for index, sample in enumerate(outputs or ()):
            due = self._seen % self.interval == 0
            self._seen += 1
            if due and self._drawn < self.max_samples:
                out_file = None
                if self.out_dir is not None:
                    out_file = osp.join(self.out_dir,
                                        f'{sample.sample_id}.png')
                runner.visualizer.add_datasample(
                    sample.sample_id,
                    frame_of(sample, data_batch, index),
                    sample,
                    out_file=out_file,
                    step=runner.iter)
                self._drawn += 1

    def before_val_epoch(self, runner: Runner) -> None:
        """Forget the last validation's samples."""
        self._kept = {}

    def after_val_iter(
            self,
            runner: Runner,
            batch_idx: int,
            data_batch: Optional[dict] = None,
            outputs: Optional[Sequence[AVDataSample]] = None) -> None:
        """Keep those that may be drawn: no more than there will be."""
        if not self.enable:
            return
        samples = {
            str(s.sample_id): (i, s)
            for i, s in enumerate(outputs or ())
        }
        chosen = self._choose([*self._kept, *samples])
        self._kept = {
            name:
            self._kept[name] if name in self._kept else
            (samples[name][1].cpu(),
             frame_of(samples[name][1], data_batch, samples[name][0]))
            for name in chosen
        }

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[Dict[str, float]] = None) -> None:
        """Draw what the processes have kept, each sample once."""
        if not self.enable:
            return
        parts: List[Dict[str, Shown]] = all_gather_object(self._kept)
        self._kept = {}
        if not is_main_process():
            return
        found = {name: shown for part in parts for name, shown in part.items()}
        if not isinstance(self.fixed, int):
            missing = [name for name in self.fixed if name not in found]
            if missing:
                print_log(
                    'LocalizationVisualizationHook: not in the validation '
                    f'set, so not drawn: {", ".join(missing)}',
                    logger='current',
                    level=30)
        for name in self._choose(list(found)):
            sample, frame = found[name]
            runner.visualizer.add_datasample(
                f'heat_map_{plain_name(name)}',
                # A caption needs room.
                frame if min(frame.shape[:2]) >= SIDE else fit(
                    frame, (SIDE, 4 * SIDE)),
                sample,
                step=runner.epoch)

    def _choose(self, ids: List[str]) -> List[str]:
        """Ids to draw, in the order of the config or of their hashes."""
        if isinstance(self.fixed, int):
            return sorted(
                set(ids),
                key=lambda name: hashlib.sha256(name.encode()).digest())[:self.
                                                                         fixed]
        return [name for name in dict.fromkeys(self.fixed) if name in ids]


def frame_of(sample: AVDataSample, data_batch: Optional[dict],
             index: int) -> np.ndarray:
    """The frame as it was found, (H, W, 3) RGB uint8 in its original shape.

    Of packed data the model's input; FileNotFoundError if there is neither.
    """
    if data_batch is None or osp.isfile(sample.img_path):
        return read_picture(sample.img_path)
    image = data_batch['inputs']['image'][index]
    height, width = sample.get('ori_shape', image.shape[1:])
    array = np.ascontiguousarray(image.cpu().numpy().transpose(1, 2, 0))
    return cv2.resize(array, (width, height))
