"""Preparation and inference see and hear the same at the same time."""
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from fnac_mm.functional import load_waveform
from fnac_mm.media.video import VideoReader, read_video_frame
from fnac_mm.preparation.media import make_clip
from fnac_mm.preparation.plan import Clip, MediaOptions, Output
from ..media import index_frames, write_media

RATE = 22050
VFR = np.cumsum(np.random.default_rng(1).choice([1, 1, 2, 5], 40)).tolist()
FILMS = {
    'plain.mp4': {},
    'turned.mp4': {},
    'late_pictures.mkv':
    dict(first_frame=13),
    'late_sound.mp4':
    dict(first_sample=9000),
    'offset.ts':
    dict(first_frame=20, first_sample=2 * RATE),
    'uneven.mkv':
    dict(pts=VFR),
    'b_frames.mp4':
    dict(video_codec='libx264', video_options=dict(bf='3', g='12')),
    'b_frames.avi':
    dict(video_codec='libx264', video_options=dict(bf='2', g='250')),
    'open.ts':
    dict(video_codec='mpeg2video', video_options=dict(bf='2')),
}


@pytest.mark.parametrize('name', FILMS)
def test_frames_and_sounds(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(0)
    kwargs = FILMS[name]
    fps = 25 if kwargs.get('video_codec') == 'mpeg2video' else 10
    sound = rng.integers(-9000, 9000, 5 * RATE).astype(np.int16)
    codec = 'pcm_s16le' if name.endswith(('.avi', 'mkv')) else 'aac'
    path = write_media(tmp_path / name, sound, RATE, codec,
                       index_frames(4 * fps), fps, **kwargs)
    if name == 'turned.mp4':
        content = path.read_bytes()
        plain, turned = (
            struct.pack('>9i', *matrix, 0, 0, 2**30)
            for matrix in ((65536, 0, 0, 0, 65536, 0), (0, 65536, 0, -65536, 0,
                                                        0)))
        at = content.rindex(plain)
        path.write_bytes(content[:at] + turned + content[at + 36:])
    film = VideoReader(str(path))
    frames = list(film)
    film.close()
    assert (frames[0].image.shape[0] > 100) == (name == 'turned.mp4')
    for time in (0.0, 2.0, *rng.uniform(0, 3.2, 4).round(3)):
        outputs = (Output('f.png', name, 'frame',
                          str(time)), Output('f.wav', name, 'sound'))
        made = make_clip(
            Clip('f', outputs), MediaOptions(tmp_path, tmp_path / 'out'))
        assert made['status'] == 'made', made
        picture = cv2.imread(str(tmp_path / 'out' / 'f.png'))[..., ::-1]
        assert np.array_equal(picture, read_video_frame(path, time)[0])
        before = [f for f in frames if f.time <= time + 5e-4] or frames[:1]
        assert np.array_equal(picture, before[-1].image)
        part = Clip('p', outputs[1:], time, time + 0.7)
        assert make_clip(part,
                         MediaOptions(tmp_path,
                                      tmp_path / 'out'))['status'] == 'made'
        prepared, _ = load_waveform(tmp_path / 'out' / 'f.wav', 0.7, 0.0)
        heard, rate = load_waveform(path, 0.7, time)
        assert rate == RATE and len(heard) == len(prepared)
        # Half a step of 16 bits, to which the preparation rounds.
        assert (heard - prepared).abs().max() <= 0.51 / 32767
