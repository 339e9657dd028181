"""``deterministic=True`` and seeds, with all terms of the loss."""
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT, run_well
from tests.faults.launching import CONFIG
from tests.faults.toy_run import same


def _weights(data: Path, work: Path, seed: int) -> dict:
    done = run_well('tools/train.py', CONFIG, '--data-root', data,
                    '--work-dir', work, '--cfg-options',
                    'randomness.deterministic=True', f'randomness.seed={seed}',
                    'model.image_dropout=0.5')
    assert 'loss_fns_audio' in done.stdout + done.stderr
    return torch.load(work / 'rank_0.pth', weights_only=True)


@pytest.mark.slow
def test_a_seed_is_a_model(synthetic, tmp_path, monkeypatch) -> None:
    # For the hooks that the config imports from the tests.
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    first = _weights(synthetic, tmp_path / 'a', 1)
    assert same(first, _weights(synthetic, tmp_path / 'b', 1))
    assert not same(first, _weights(synthetic, tmp_path / 'c', 2))
