"""A long video needs no more memory than a short one."""
import sys
from pathlib import Path

import numpy as np
import pytest

from ..conftest import run_python
from ..media import write_media
from .toy_model import save_toy

# The most memory of a process of its own, in kB, and what it analysed.
SCRIPT = '''
import resource, sys
from fnac_mm.apis import LocalizationInferencer
inferencer = LocalizationInferencer(
    sys.argv[1], device='cpu', show_progress=False)
result = inferencer.infer_video(sys.argv[2], sys.argv[3])
print(result['n_frames'], result['audio_columns'],
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
'''


def peak(folder: Path, minutes: int, rate: int = 8000, fps: int = 5) -> int:
    """Memory of inferring a film of this length."""
    rng = np.random.default_rng(0)
    count = minutes * 60
    frames = np.broadcast_to(
        rng.integers(0, 255, (1, 48, 64, 3), np.uint8),
        (count * fps, 48, 64, 3))
    sound = np.tile(rng.integers(-9000, 9000, rate, np.int16), count)
    source = write_media(folder / f'{minutes}.mp4', sound, rate, 'aac', frames,
                         fps)
    done = run_python('-c', SCRIPT, save_toy(folder), source,
                      folder / 'out.mp4')
    assert done.returncode == 0, done.stderr
    n_frames, columns, memory = map(int, done.stdout.split()[-3:])
    assert n_frames == count * fps
    # Of the last second only what the last frame needs is read.
    assert abs(columns - (count * rate - 512) // 238) <= rate / 238
    return memory


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != 'linux', reason='ru_maxrss in kB')
def test_ten_minutes_in_the_memory_of_one(tmp_path: Path) -> None:
    short, long = peak(tmp_path, 1), peak(tmp_path, 10)
    print(f'1 minute {short / 1024:.0f} MB, 10 minutes {long / 1024:.0f} MB')
    assert long <= 1.3 * short
