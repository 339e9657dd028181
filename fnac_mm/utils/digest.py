"""Short names of long things."""
import hashlib
import json
from typing import Any, Iterable


def json_digest(value: Any) -> str:
    """SHA-256 of plain values, whatever the order of their keys.

    Args:
        value (Any): What json can hold; other values by their ``str``.

    Returns:
        str: 64 hexadecimal digits.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(',', ':'), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def list_digest(ids: Iterable[str]) -> str:
    """SHA-256 of the ids of a list, in whatever order.

    Args:
        ids (Iterable[str]): Sample ids.

    Returns:
        str: 64 hexadecimal digits.
    """
    return json_digest(sorted(ids))
