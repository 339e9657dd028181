"""Files that are there whole or not at all."""
import os
import tempfile
from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

TEMPORARY = '.unfinished_'


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@register_backend('atomic_local')
class AtomicLocalBackend(LocalBackend):
    """Local disk, on which a file appears under its name when it is whole.

    Written to a temporary file of the same folder, synchronised with the
    disk and renamed. Whoever is killed meanwhile leaves the previous file.
    """

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write bytes.

        Args:
            obj (bytes): Content.
            filepath (str or Path): Where to; folders are made.

        Raises:
            OSError: If the disk is full, the folder read-only, ...; the
                previous file is kept, the temporary one removed.
        """
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
        try:
            # mkstemp keeps others from reading; open() would not.
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(handle, 0o666 & ~mask)
            with open(handle, 'wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def put_text(self,
                 obj: str,
                 filepath: Union[str, Path],
                 encoding: str = 'utf-8') -> None:
        """Write text.

        Args:
            obj (str): Content.
            filepath (str or Path): Where to; folders are made.
            encoding (str): Defaults to ``'utf-8'``.
        """
        self.put(obj.encode(encoding), filepath)


def remove_unfinished(folder: Union[str, Path]) -> None:
    """Delete the temporary files that a killed process left.

    Args:
        folder (str or Path): Where nobody writes at the moment.
    """
    for path in Path(folder).glob(f'{TEMPORARY}*'):
        path.unlink(missing_ok=True)
