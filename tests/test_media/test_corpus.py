"""Every file of the corpus, against Debian's ffmpeg command."""
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fnac_mm.media.clock import LEAD_IN
from fnac_mm.media.container import open_media
from fnac_mm.media.video import read_video_frame
from .corpus import (CASES, STORED, Answer, ask_ffmpeg, ask_product,
                     clock_shift, read_number)

EXPECTED = {
    name: Answer.from_json(stored)
    for name, stored in json.loads(STORED.read_text()).items()
}
# Of a file that is cut off, FFmpeg decodes what is there of the last packet.
CUT = [name for name in CASES if name.startswith('cut')]
# Here ffmpeg 5.1 leaves a hole as long as the film: it takes the time stamps
# of the last two B frames for those of the second part.
for suffix in ('mpg', 'vob'):
    EXPECTED[f'joined-mpeg2video-mp2.{suffix}'] = EXPECTED[
        'joined-mpeg2video-mp2.ts']


def check_same(found: Answer, expected: Answer, cut: bool = False) -> None:
    """Compare two answers; one lead-in is left out of all times."""
    assert found.frames or found.sounds or cut
    frames = list(zip(found.frames, expected.frames))
    sounds = list(zip(found.sounds, expected.sounds))
    (_, ours), (_, theirs) = (frames or [((0, s), (0, t))
                                         for (s, _), (t, _) in sounds]
                              or [((0, 0), (0, 0))])[0]
    lead = theirs - ours
    assert -1e-3 <= lead <= LEAD_IN
    for one, other in frames[:-1] if cut else frames:
        assert one[0] == other[0] >= 0
        assert one[1] + lead == pytest.approx(other[1], abs=1.2e-3)
    for one, other in sounds[:-1] if cut else sounds:
        assert one[0] + lead == pytest.approx(other[0], abs=1.7e-3)
        assert one[1] == other[1]
    assert found.shape == expected.shape
    missing = len(expected.frames) - len(found.frames)
    assert 0 <= missing <= cut
    assert 0 <= len(expected.sounds) - len(found.sounds) <= cut
    assert found.end + lead == pytest.approx(
        expected.end, abs=0.07 if cut else 3e-3)


def test_there_are_enough() -> None:
    assert len(CASES) >= 150 and list(EXPECTED) == list(CASES)


@pytest.mark.parametrize('name', CASES)
def test_as_ffmpeg_says(tmp_path: Path, name: str) -> None:
    """Every frame, its time, its shape; every onset; and a still."""
    case = CASES[name]
    path = case.make(tmp_path)
    found = ask_product(case, path)
    check_same(found, EXPECTED[name], name in CUT)
    # A still is the frame that the whole film shows at that time.
    with open_media(path) as container:
        lead = clock_shift(container)
    for index, time in found.frames[::17]:
        picture, _ = read_video_frame(path, max(time - lead, 0) + 2e-3)
        assert read_number(case, picture.mean(2)) == index


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which('ffmpeg') is None, reason='no ffmpeg command is installed')
@pytest.mark.parametrize('name', CASES)
def test_what_is_stored_is_what_ffmpeg_says(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    stored = Answer.from_json(json.loads(STORED.read_text())[name])
    answer = ask_ffmpeg(case, case.make(tmp_path))
    assert [index for index, _ in answer.frames
            ] == [index for index, _ in stored.frames]
    for one, other in ((answer.frames, stored.frames),
                       ([s[::-1] for s in answer.sounds],
                        [s[::-1] for s in stored.sounds])):
        assert np.allclose(one, other, atol=1.2e-3)
    assert answer.shape == stored.shape
