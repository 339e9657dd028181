"""Which checkpoint is meant; nothing is read yet."""
import os
import os.path as osp
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Tuple, Union

if TYPE_CHECKING:
    from mmengine.config import Config, ConfigDict

ConfigLike = Union[str, dict, 'Config', 'ConfigDict']
SHIPPED_NOTE = ('no checkpoint is given: using the shipped one, which knows '
                'only a drawn, synthetic world (docs/model_card.md)')
_WEIGHTS = ('.pth', '.pt', '.ckpt')


def shipped_checkpoint() -> Path:
    """Find the checkpoint that is shipped with the package.

    Returns:
        Path: File; its name ends with the start of its SHA-256.

    Raises:
        FileNotFoundError: If the installation lacks it.
    """
    folder = Path(__file__).parent / 'checkpoints'
    found = sorted(folder.glob('fnac_synthetic-*.pth'))
    if len(found) != 1:
        raise FileNotFoundError(
            f'{folder}: {len(found)} files fnac_synthetic-*.pth, expected the '
            'one that is shipped; install the package again, or give a '
            'checkpoint')
    return found[0]


def find_checkpoint(model: Optional[ConfigLike],
                    weights: Optional[str]) -> Tuple[Any, str]:
    """Tell a config from a checkpoint, which may come first.

    Args:
        model (str | dict | Config, optional): Config or checkpoint.
        weights (str, optional): Checkpoint, after a config. Without both,
            the shipped one is meant, and a line on stderr says so.

    Returns:
        tuple: Config, or None if the checkpoint's own is meant, and the file
        of the checkpoint.

    Raises:
        FileNotFoundError: If the config or the checkpoint is missing.
        ValueError: If no checkpoint is given.
    """
    if model is None and weights is None:
        print(SHIPPED_NOTE, file=sys.stderr)
        weights = os.fspath(shipped_checkpoint())
    if isinstance(model, (str, os.PathLike)):
        model = os.fspath(model)
        if weights is None and model.endswith(_WEIGHTS):
            model, weights = None, model
        elif not osp.isfile(model):
            raise FileNotFoundError(f'{model}: no such config')
    if weights is None:
        name = model if isinstance(model, str) else 'the config'
        raise ValueError(f'{name} says how the network is built, not its '
                         'weights; give a checkpoint of its training too, '
                         'such as work_dirs/<name>/epoch_30.pth')
    if not osp.isfile(weights):
        raise FileNotFoundError(f'{weights}: no such checkpoint')
    return model, os.fspath(weights)
