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

from fnac_mm.registry import HOOKS

CONSOLE = Console(highlight=False)
# Mark of a record that the console gets whatever its level.
SHOWN = dict(console=True)
# Seconds between two drawings of a bar.
REFRESH = 0.2


class _ConsoleHandler(logging.Handler):
    """Prints records above the bar, whole lines, warnings once."""

    def __init__(self, threshold: int) -> None:
        super().__init__()
        self.threshold = threshold
        self.addFilter(FilterDuplicateWarning())

    def emit(self, record: logging.LogRecord) -> None:
        """Print what is important or meant for the console."""
        shown = getattr(record, 'console', False)
        # Deprecations are of MMEngine's own code, not of what a user did.
        if shown or (record.levelno >= self.threshold
                     and 'deprecated' not in record.getMessage()):
            name = '' if shown else f'{record.levelname}: '
            CONSOLE.print(
                f'{name}{record.getMessage()}', markup=False, soft_wrap=True)


class ConsoleRunner(Runner):
    """Runner whose console gets warnings and what ``ConsoleHook`` says.

    ``console_level='INFO'`` in the config shows all lines of the log.
    """

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """As the parent, with another handler for the console."""
        logger = super().build_logger(*args, **kwargs)
        level = logging.getLevelName(self.cfg.get('console_level', 'WARNING'))
        if is_main_process() and level > logging.INFO:
            logger.handlers[:] = [
                handler if isinstance(handler, logging.FileHandler) else
                _ConsoleHandler(level) for handler in logger.handlers
            ]
        return logger


def score_table(metrics: Dict[str, float]) -> str:
    """Scores as text, a line for what stands before the last slash.

    Args:
        metrics (dict[str, float]): By ``<row>/<column>``, or a name alone.

    Returns:
        str: Several lines.
    """
    rows: Dict[str, Dict[str, str]] = {}
    single: List[str] = []
    for key, value in metrics.items():
        name, slash, column = key.rpartition('/')
        text = f'{value:.2f}' if isinstance(value, float) else str(value)
        if slash:
            rows.setdefault(name, {})[column] = text
        else:
            single.append(f'{key} = {text}')
    # Percent with two decimals need six places.
    columns = {c: max(len(c), 6) + 2 for row in rows.values() for c in row}
    first = max(map(len, rows), default=0)
    lines = [
        f'{name:{first}}' + ''.join(f'{row.get(column, "-"):>{width}}'
                                    for column, width in columns.items())
        for name, row in [('', dict(zip(columns, columns))), *rows.items()]
    ]
    return '\n'.join([', '.join(single), *(lines if rows else [])])


@HOOKS.register_module()
class ConsoleHook(Hook):
    """A bar on a terminal, a line for each epoch, scores at the end."""

    # After the best checkpoint is known.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._progress: Optional[Progress] = None
        self._drawn = self._begun = 0.0
        self._line = ''

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
            runner.logger.info(self._line, extra=SHOWN)
        self._line = ''

    def before_run(self, runner: Runner) -> None:
        """Say where the log is."""
        runner.logger.info(
            f'complete log: {runner.logger.log_file}', extra=SHOWN)

    def before_train(self, runner: Runner) -> None:
        """Say where a resumed training goes on."""
        if runner.iter:
            runner.logger.info(
                f'resumed from {runner._load_from}, after step {runner.iter}',
                extra=SHOWN)

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
        self._begin('validation', len(runner.val_dataloader))

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[Dict[str, float]] = None) -> None:
        """Add the score by which the best epoch is chosen."""
        self.close()
        keys: List[str] = next(
            (h.key_indicators for h in runner.hooks
             if isinstance(h, CheckpointHook) and h.save_best), [])
        metrics = metrics or {}
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
        runner.logger.info(
            f'checkpoints: {runner.work_dir}'
            f'{f", the best: {best}" if best else ""}',
            extra=SHOWN)

    def before_test_epoch(self, runner: Runner) -> None:
        """Start a bar."""
        self._begin('test', len(runner.test_loop.dataloader))

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[Dict[str, float]] = None) -> None:
        """Print the scores."""
        self.close()
        if metrics:
            runner.logger.info(score_table(metrics), extra=SHOWN)
