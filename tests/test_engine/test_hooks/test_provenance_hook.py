"""What a checkpoint and the metrics of a run are told."""
from pathlib import Path
from types import SimpleNamespace

import torch
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.logging import MessageHub

from fnac_mm.engine import ProvenanceHook, SafeCheckpointHook
from fnac_mm.engine.provenance import describe_run
from fnac_mm.utils import file_digest
from ..health_runs import build


def test_a_checkpoint_says_what_it_comes_from(tmp_path: Path) -> None:
    hooks = (ProvenanceHook(), CheckpointHook(interval=1),
             SafeCheckpointHook())
    runner = build(tmp_path, hooks=hooks)
    runner.train()
    saved = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    facts = describe_run(runner.cfg.to_dict())
    assert saved['meta']['provenance'] == facts
    # What a resumed run would take for its own.
    assert 'provenance' not in saved['message_hub']['runtime_info']
    assert runner.message_hub.get_info('provenance') == facts


def test_a_test_names_the_weights(tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    path.write_bytes(b'weights')
    hub = MessageHub.get_instance('a_test_names_the_weights')
    runner = SimpleNamespace(
        cfg=Config(dict(a=1)), message_hub=hub, _load_from=str(path))
    ProvenanceHook().before_test(runner)
    told = hub.get_info('provenance')
    assert told['checkpoint_sha256'] == file_digest(path)
    assert set(told) == {
        'config_sha256', 'code', 'hardware', 'checkpoint_sha256'
    }
