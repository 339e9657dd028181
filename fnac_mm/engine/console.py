"""What a person sees of a run; its log file has everything."""
import logging
import time
from typing import Any, Dict, List, Optional

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook, Hook
from mmengine.logging import MMLogger
from mmengine.logging.logger import FilterDuplicateWarning
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import Progress

from fnac_mm.evaluation import SampleMetric
from fnac_mm.registry import HOOKS
from fnac_mm.utils import log_shown

CONSOLE = Console(highlight=False)
# Beginnings of warnings that MMEngine gives of its own code at each start.
OWN_WARNINGS = ('"FileClient" will be deprecated',
                '"HardDiskBackend" is the alias')
LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')
# Seconds between two drawings of a bar.
REFRESH = 0.2


class _ConsoleHandler(logging.Handler):
    """Prints records above the bar, whole lines, warnings once."""

    def __init__(self, threshold: int) -> None:
        super().__init__()
        self.threshold = threshold
        self.validating = False
        self.addFilter(FilterDuplicateWarning())

    def emit(self, record: logging.LogRecord) -> None:
        """Print what is important or meant for the console."""
        text = record.getMessage()
        # A validation has its place in the line of the epoch.
        shown = not self.validating
        if not hasattr(record, 'console'):
            shown = record.levelno >= self.threshold \
                and not text.startswith(OWN_WARNINGS)
            text = f'{record.levelname}: {text}'
        if shown:
            CONSOLE.print(text, markup=False, soft_wrap=True)


class ConsoleRunner(Runner):
    """Runner whose console gets warnings and what ``ConsoleHook`` says.

    ``console_level='INFO'`` in the config shows all lines of the log.
    """

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """As the parent, with another handler for the console."""
        logger = super().build_logger(*args, **kwargs)
        name = self.cfg.get('console_level', 'WARNING')
        if name not in LEVELS:
            raise ValueError(f'console_level = {name!r}: choose one of '
                             f'{", ".join(LEVELS)}')
        level = getattr(logging, name)
        if is_main_process() and level > logging.INFO:
            logger.handlers[:] = [
                handler if isinstance(handler, logging.FileHandler) else
                _ConsoleHandler(level) for handler in logger.handlers
            ]
        return logger


@HOOKS.register_module()
class ConsoleHook(Hook):
    """A bar on a terminal, a line for each epoch, scores at the end."""

    # After the best checkpoint is known.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._progress: Optional[Progress] = None
        self._drawn = self._begun = 0.0
        self._line, self._told = '', False

    def _begin(self, title: str, total: Optional[int]) -> None:
        """Start a bar in the place of another."""
        self.close()
        if CONSOLE.is_terminal and is_main_process():
            # No thread: loaders fork while it is there.
            self._progress = Progress(
                console=CONSOLE,
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False)
            self._progress.add_task(title, total=total)
            self._progress.start()

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Move the bar on."""
        if self._progress is None:
            return
        self._progress.advance(self._progress.task_ids[0])
        if time.monotonic() > self._drawn + REFRESH:
            self._progress.refresh()
            self._drawn = time.monotonic()

    after_val_iter = after_test_iter = after_train_iter

    def _say(self, runner: Runner) -> None:
        """Print the line of the last epoch."""
        if self._line:
            log_shown(self._line, runner.logger)
        self._line = ''

    def before_run(self, runner: Runner) -> None:
        """Say where the log is."""
        log_shown(f'complete log: {runner.logger.log_file}', runner.logger)

    def before_train(self, runner: Runner) -> None:
        """Say where a resumed training goes on."""
        if runner.iter:
            log_shown(
                f'resumed from {runner._load_from}, after step {runner.iter}',
                runner.logger)

    def before_train_epoch(self, runner: Runner) -> None:
        """Start a bar."""
        self._say(runner)
        self._begun = time.monotonic()
        self._begin(f'epoch {runner.epoch + 1}/{runner.max_epochs}',
                    len(runner.train_dataloader))

    def after_train_epoch(self, runner: Runner) -> None:
        """Begin the line of the epoch."""
        self.close()
        parts = [f'epoch {runner.epoch + 1:>3}/{runner.max_epochs}']
        scalars = runner.message_hub.log_scalars
        steps = len(runner.train_dataloader)
        if 'train/loss' in scalars:
            parts.append(f'loss {scalars["train/loss"].mean(steps):.4f}')
        if 'train/lr' in scalars:
            parts.append(f'lr {scalars["train/lr"].current():.2e}')
        parts.append(f'{time.monotonic() - self._begun:.0f} s')
        self._line = '  '.join(parts)

    def before_val_epoch(self, runner: Runner) -> None:
        """Start a bar."""
        self._validate(runner, True)
        self._begin('validation', len(runner.val_dataloader))

    @staticmethod
    def _validate(runner: Runner, validating: bool) -> None:
        for handler in runner.logger.handlers:
            if isinstance(handler, _ConsoleHandler):
                handler.validating = validating

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[Dict[str, float]] = None) -> None:
        """Say once what is scored; add the score that chooses the best."""
        self.close()
        self._validate(runner, False)
        keys: List[str] = next(
            (h.key_indicators for h in runner.hooks
             if isinstance(h, CheckpointHook) and h.save_best), [])
        metrics = metrics or {}
        heads = [
            line for metric in runner.val_evaluator.metrics
            if isinstance(metric, SampleMetric)
            for line in metric.head(metric.own_numbers(metrics))
        ]
        if heads and not self._told:
            log_shown('validation: ' + '; '.join(heads), runner.logger)
            self._told = True
        scores = [f'{k} {metrics[k]:.2f}' for k in keys if k in metrics]
        best = runner.message_hub.runtime_info.get('best_score')
        if scores and best is not None:
            scores.append(f'(best {best:.2f})')
        self._line = '  '.join([self._line or 'validation', *scores])
        self._say(runner)

    def after_train(self, runner: Runner) -> None:
        """Say where the checkpoints are."""
        self._say(runner)
        best = runner.message_hub.runtime_info.get('best_ckpt')
        log_shown(
            f'checkpoints: {runner.work_dir}'
            f'{f", the best: {best}" if best else ""}', runner.logger)

    def before_test_epoch(self, runner: Runner) -> None:
        """Start a bar."""
        self._begin('test', len(runner.test_loop.dataloader))

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[Dict[str, float]] = None) -> None:
        """Take the bar away; say what metrics of others found."""
        self.close()
        evaluator = getattr(runner.test_loop, 'evaluator', None)
        if metrics and evaluator is not None and not all(
                isinstance(m, SampleMetric) for m in evaluator.metrics):
            log_shown(', '.join(f'{k} {v}' for k, v in metrics.items()),
                      runner.logger)
