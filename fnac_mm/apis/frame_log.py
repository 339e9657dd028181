"""Files that appear when they are complete."""
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Optional, Type


def draft_path(path: Path) -> Path:
    """Where a file is written until it is complete.

    Args:
        path (Path): Final name.

    Returns:
        Path: Hidden, in the same folder, of this process alone.
    """
    return path.with_name(f'.{path.name}.{os.getpid()}.part')


class FrameLog:
    """A json object, written as it grows; a context manager.

    Args:
        path (Path): File.
        head (dict): What stands before ``frames``, the list of records.

    Attributes:
        summary (dict): What stands after them.

    Raises:
        OSError: If the file can't be written.
    """

    def __init__(self, path: Path, head: Dict[str, Any]) -> None:
        self.path, self.draft = path, draft_path(path)
        self.summary: Dict[str, Any] = {}
        self._file = self.draft.open('w', encoding='utf-8')
        self._file.write(f'{json.dumps(head)[:-1]}, "frames": [')
        self._comma = ''

    def write(self, record: Dict[str, Any]) -> None:
        """Add a record.

        Args:
            record (dict): Plain values, all finite.
        """
        text = json.dumps(record, allow_nan=False)
        self._file.write(f'{self._comma}\n{text}')
        self._comma = ','

    def __enter__(self) -> 'FrameLog':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        try:
            with self._file:
                self._file.write(f'\n], {json.dumps(self.summary)[1:]}\n')
            if kind is None:
                os.replace(self.draft, self.path)
        finally:
            self.draft.unlink(missing_ok=True)
