"""Where in an epoch a checkpoint was written."""
from typing import Any, Dict, Optional

from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from .loops import ResumableEpochLoop


def _model(runner: Runner) -> Any:
    """The model without its wrapper."""
    wrapped = is_model_wrapper(runner.model)
    return runner.model.module if wrapped else runner.model


def record_position(runner: Runner) -> Optional[Dict[str, Any]]:
    """What resuming within an epoch needs beyond MMEngine's checkpoint.

    To be called by all processes. Random states are not part of it: see
    :class:`RandomnessHook`.

    Args:
        runner (Runner): In training.

    Returns:
        dict | None: ``batches_done``, ``batches`` of the epoch and, from
        several processes, the ``buffers`` of each (running statistics,
        which differ until an epoch ends). None between epochs.
    """
    done = getattr(runner.train_loop, 'batches_done', 0)
    if not done:
        return None
    buffers: list = []
    if get_world_size() > 1:
        mine = {
            name: value.cpu()
            for name, value in _model(runner).named_buffers()
        }
        buffers = all_gather_object(mine)
    return dict(
        batches_done=done,
        batches=len(runner.train_loop.dataloader),
        buffers=buffers)


def restore_position(runner: Runner, position: Dict[str, Any]) -> None:
    """Let training go on within an epoch.

    Args:
        runner (Runner): Has loaded the checkpoint.
        position (dict): Of :func:`record_position`.

    Raises:
        TypeError: If the training loop can't begin within an epoch.
        ValueError: If an epoch has another number of steps now, or there is
            another number of processes.
    """
    done, batches = position['batches_done'], position['batches']
    where = (f'{runner._load_from} was written after {done} of {batches} '
             f'steps of epoch {runner.epoch + 1}')
    loop = runner.train_loop
    if not isinstance(loop, ResumableEpochLoop):
        raise TypeError(f'{where}; a {type(loop).__name__} can\'t begin '
                        'within an epoch: set '
                        'train_cfg.type=ResumableEpochLoop')
    if len(loop.dataloader) != batches:
        raise ValueError(
            f'{where}, now an epoch has {len(loop.dataloader)}: resume with '
            'the same data and batch, or from a checkpoint of a whole epoch')
    buffers = position['buffers']
    if len(buffers or [None]) != get_world_size():
        raise ValueError(
            f'{where} by {len(buffers or [None])} processes, now there are '
            f'{get_world_size()}: resume with as many, or from a checkpoint '
            'of a whole epoch')
    if buffers:
        for name, value in _model(runner).named_buffers():
            value.copy_(buffers[get_rank()][name])
    loop.batches_done = done
