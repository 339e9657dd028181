"""What a file of weights must not carry."""
from typing import Any, Callable


class Payload:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Callable, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple:
        return self.call
