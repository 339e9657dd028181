"""What an unclear error of PyTorch means, and what to do."""
import os
import re
import time
from contextlib import contextmanager
from typing import Iterator, Optional

_CAUSES = (
    (r'DataLoader worker.*(Bus error|shared memory)',
     'The shared memory of the loader\'s processes is full. Enlarge /dev/shm '
     '(docker run --shm-size=16g) or lower num_workers.'),
    (r'DataLoader worker.*(signal|exited unexpectedly)',
     'A process of the data loader was ended from outside. The likely cause '
     'is that the machine ran out of memory and the kernel chose it (see '
     '"dmesg | grep -i killed", or the job\'s memory limit under Slurm or '
     'docker). Ask for more memory or lower num_workers and prefetch_factor '
     'of the dataloaders, then go on with --resume.'),
    (r'DataLoader timed out',
     'A process of the data loader hangs, often on a file of a network disk '
     'that does not answer. Check the disk, then go on with --resume. If a '
     'batch may take that long, raise the limit: --cfg-options '
     'train_dataloader.timeout=N, in seconds (likewise val_dataloader and '
     'test_dataloader; 0 waits for ever).'),
    (r'(Connection (closed|reset) by (remote )?peer|Broken pipe|'
     r'ncclRemoteError|remote process|Timed out waiting|timed out.*collective|'
     r'Watchdog caught)',
     'Process {rank} of {world} lost the others: one of them ended or hangs. '
     'The cause is in the log of that one: torchrun and srun name the rank '
     'that failed first, on its own machine. Then go on with --resume.'))


def likely_cause(message: str) -> Optional[str]:
    """Cause and remedy of an error far from its cause, if it is known."""
    for pattern, cause in _CAUSES:
        if re.search(pattern, message, re.IGNORECASE | re.DOTALL):
            return cause.format(
                rank=os.environ.get('RANK', '0'),
                world=os.environ.get('WORLD_SIZE', '1'))
    return None


@contextmanager
def explained_failures() -> Iterator[None]:
    """Context whose errors say what probably went wrong.

    Yields:
        None: Train or test inside the context.

    Raises:
        RuntimeError: Instead of a RuntimeError with a known cause; the cause
            stands at the end of its message.
    """
    try:
        try:
            yield
        except (OSError, EOFError):
            # Reading from a killed worker may fail before PyTorch hears of
            # its end, which interrupts the sleep by a RuntimeError.
            time.sleep(0.5)
            raise
    except RuntimeError as error:
        cause = likely_cause(str(error))
        if cause is None:
            raise
        raise RuntimeError(f'{error}\n{cause}') from error
