"""Pictures of what the model finds, during validation and testing."""
import os.path as osp
from typing import Optional, Sequence

import mmcv
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS
from fnac_mm.structures import AVDataSample


@HOOKS.register_module()
class LocalizationVisualizationHook(Hook):
    """Draw frames with their heat map and boxes through the visualizer.

    Args:
        enable (bool): Defaults to False.
        interval (int): Every how many samples of the main process to draw.
            Defaults to 50.
        max_samples (int): Pictures per validation or test. Defaults to 16.
        out_dir (str, optional): Folder for ``<sample_id>.png``. None
            (default) hands them to the visualizer's backends only.

    Raises:
        ValueError: If ``interval`` is less than 1.
    """

    def __init__(self,
                 enable: bool = False,
                 interval: int = 50,
                 max_samples: int = 16,
                 out_dir: Optional[str] = None) -> None:
        if interval < 1:
            raise ValueError(f'interval must be at least 1, got {interval}')
        self.enable = enable
        self.interval = interval
        self.max_samples = max_samples
        self.out_dir = out_dir
        self._seen = self._drawn = 0

    def before_val_epoch(self, runner: Runner) -> None:
        """Start counting."""
        self._seen = self._drawn = 0

    before_test_epoch = before_val_epoch

    def after_val_iter(
            self,
            runner: Runner,
            batch_idx: int,
            data_batch: Optional[dict] = None,
            outputs: Optional[Sequence[AVDataSample]] = None) -> None:
        """Draw every ``interval``-th sample."""
        if not self.enable or not is_main_process():
            return
        for sample in outputs or ():
            due = self._seen % self.interval == 0
            self._seen += 1
            if due and self._drawn < self.max_samples:
                self._draw(runner, sample)
                self._drawn += 1

    after_test_iter = after_val_iter

    def _draw(self, runner: Runner, sample: AVDataSample) -> None:
        image = mmcv.imread(sample.img_path, channel_order='rgb')
        out_file = None
        if self.out_dir is not None:
            out_file = osp.join(self.out_dir, f'{sample.sample_id}.png')
        runner.visualizer.add_datasample(
            sample.sample_id,
            image,
            sample,
            out_file=out_file,
            step=runner.iter)
