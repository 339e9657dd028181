"""MMEngine's local disk, on which files are there whole or not at all."""
from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

from fnac_mm.utils import write_atomically


@register_backend('atomic_local')
class AtomicLocalBackend(LocalBackend):
    """Local disk, on which a file appears under its name when it is whole."""

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write bytes, synchronised with the disk.

        Args:
            obj (bytes): Content.
            filepath (str or Path): Where to; folders are made.

        Raises:
            OSError: If the disk is full, the folder read-only, ...; the
                previous file is kept.
        """
        write_atomically(filepath, obj, durable=True)

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
