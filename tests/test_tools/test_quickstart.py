"""The README's first command, whole."""
import json
import subprocess

import cv2
import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_quickstart_ends_with_scores_and_pictures() -> None:
    done = subprocess.run(['bash', 'tools/quickstart.sh', '--fresh'],
                          cwd=ROOT,
                          capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    out = ROOT / 'work_dirs' / 'quickstart'
    metrics = json.loads((out / 'results.json').read_text())['metrics']
    assert metrics['audio_visual/ciou@0.5'] \
        >= metrics['centre/ciou@0.5'] + 20
    for name in ('heat_maps.png', 'curves.png'):
        assert cv2.imread(str(out / name)) is not None
