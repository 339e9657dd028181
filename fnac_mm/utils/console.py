"""What a person should see of a run, beside warnings."""
from typing import Optional

from mmengine.logging import MMLogger

# Mark of a log record that the console gets whatever its level.
SHOWN = dict(console=True)


def log_shown(text: str, logger: Optional[MMLogger] = None) -> None:
    """Log what the console gets too; None takes the current logger."""
    logger = logger or MMLogger.get_current_instance()
    logger.info(text, extra=SHOWN)
