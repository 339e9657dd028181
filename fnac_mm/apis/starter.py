"""The checkpoint that is shipped with the package."""
from pathlib import Path

STARTER_NOTE = ('no checkpoint is given: using the shipped one, which knows '
                'only a drawn, synthetic world (docs/model_card.md)')


def starter_checkpoint() -> Path:
    """Find the shipped checkpoint.

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
