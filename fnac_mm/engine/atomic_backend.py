"""File backends on which no file is missing or half there."""
from pathlib import Path
from typing import Any, List, Set, Union

from mmengine.fileio import LocalBackend, register_backend

from fnac_mm.utils import write_atomically


@register_backend('atomic_local')
class AtomicLocalBackend(LocalBackend):
    """Local disk, on which a file appears under its name when it is whole."""

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write bytes, synchronised with the disk; folders are made.

        Raises:
            OSError: If the disk is full, the folder read-only, ...; the
                previous file is kept.
        """
        write_atomically(filepath, obj, durable=True)

    def put_text(self,
                 obj: str,
                 filepath: Union[str, Path],
                 encoding: str = 'utf-8') -> None:
        """Write text; see :meth:`put`."""
        self.put(obj.encode(encoding), filepath)


class LateRemoval:
    """A file backend whose files go when what replaces them is there."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.paths: List[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def remove(self, path: str) -> None:
        """Remember what is to be removed."""
        self.paths.append(path)

    def flush(self, keep: Set[str]) -> None:
        """Remove what is still there and not in use again."""
        for path in self.paths:
            if path not in keep and self.backend.isfile(path):
                self.backend.remove(path)
        self.paths.clear()
