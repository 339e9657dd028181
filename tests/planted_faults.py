"""Clips that are broken in each way that is known."""
import shutil
from pathlib import Path
from typing import Dict, Set

import cv2
import numpy as np
import soundfile


def frame(data: Path, index: int, split: str = 'train') -> Path:
    return sorted((data / split / 'frames').iterdir())[index]


def sound(data: Path, index: int, split: str = 'train') -> Path:
    return sorted((data / split / 'audio').iterdir())[index]


def break_files(data: Path) -> Dict[str, Set[str]]:
    """Break one file in each way; what must be reported."""
    rng = np.random.default_rng(0)
    frames = [frame(data, i) for i in range(24)]
    sounds = [sound(data, i) for i in range(24)]
    wave, rate = soundfile.read(sounds[0])
    frames[0].write_bytes(frames[0].read_bytes()[:1500])
    frames[1].write_text('no picture')
    frames[2].unlink()
    frames[2].symlink_to(frames[2])
    cv2.imwrite(str(frames[3]), rng.integers(0, 12, (64, 64, 3), np.uint8))
    cv2.imwrite(str(frames[4]), np.full((64, 64, 3), 99, np.uint8))
    # Another file of the same pixels.
    cv2.imwrite(str(frames[5].with_suffix('.png')), cv2.imread(str(frames[6])))
    frames[5].unlink()
    frames[7].unlink()
    sounds[8].unlink()
    sounds[9].write_bytes(b'')
    sounds[10].write_bytes(rng.bytes(4000))
    # The header still announces 1.5 s.
    sounds[11].write_bytes(sounds[11].read_bytes()[:-9000])
    soundfile.write(sounds[12], wave[:rate // 2], rate)
    soundfile.write(sounds[13], np.zeros(len(wave)), rate)
    shutil.copy(sound(data, 3, 'test'), sounds[14])
    sound(data, 5, 'test').unlink()
    frames[15].write_bytes(b'')
    wave[1000] = np.nan
    soundfile.write(sounds[16], wave, rate, subtype='FLOAT')
    return dict(
        unreadable={
            *(frames[i].name for i in (0, 1, 2, 15)),
            *(sounds[i].name for i in (9, 10))
        },
        black={frames[3].name},
        constant={frames[4].name},
        duplicate={frames[6].name},
        missing={frames[7].name, sounds[8].name, 'SyntheTest0_000005.wav'},
        truncated={sounds[11].name},
        short={sounds[12].name},
        silent={sounds[13].name},
        leaked_content={sound(data, 3, 'test').name})


def write_video(base: Path, split: str, video: str, rng: np.random.Generator,
                still: bool) -> None:
    first = rng.integers(0, 255, (64, 64, 3), np.uint8)
    for number in range(1, 6):
        picture = first if still else rng.integers(0, 255, first.shape,
                                                   np.uint8)
        for folder, image in (('visual_frames', picture),
                              ('gt_masks', first[..., 0] > 99)):
            path = base / folder / split / 'cat' / video
            path.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(
                str(path / f'{video}_{number}.png'),
                np.asarray(image, np.uint8))
    path = base / 'audio_wav' / split / 'cat' / f'{video}.wav'
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * rng.standard_normal(80000), 16000)
