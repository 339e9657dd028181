"""Results and checkpoints say what they come from."""
from typing import Any, Dict, Optional

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from fnac_mm.evaluation.provenance import RUN_KEY
from fnac_mm.registry import HOOKS
from fnac_mm.utils import file_digest
from ..provenance import describe_run


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Give config hash, code version and hardware to what is written.

    Checkpoints carry them in ``meta['provenance']``; metrics find them in the
    message hub and put them into their files of results, in a test together
    with the SHA-256 of the checkpoint.
    """

    def before_train(self, runner: Runner) -> None:
        """Tell the metrics of a validation."""
        self._tell(runner)

    def before_val(self, runner: Runner) -> None:
        """The same, where a validation stands alone."""
        self._tell(runner)

    def before_test(self, runner: Runner) -> None:
        """Tell the metrics of a test, with the weights."""
        path: Optional[str] = runner._load_from
        weights = {}
        # Only the main process writes.
        if path and '://' not in path and is_main_process():
            weights = dict(checkpoint_sha256=file_digest(path))
        self._tell(runner, **weights)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add them to the checkpoint."""
        facts = self._facts(runner)
        checkpoint.setdefault('meta', {})['provenance'] = facts

    @staticmethod
    def _facts(runner: Runner) -> Dict[str, Any]:
        return describe_run(runner.cfg.to_dict())

    def _tell(self, runner: Runner, **more: Any) -> None:
        # Not resumed: the next start may have other code.
        runner.message_hub.update_info(
            RUN_KEY, dict(self._facts(runner), **more), resumed=False)
