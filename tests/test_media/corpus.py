"""Films and recordings of every kind, and what ffmpeg makes of them.

Frame n shows n; at second k of the sound a burst of 400 + 100 k Hz begins.
Shape legend: S samples.
"""
import json
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import av
import numpy as np
from av.container import InputContainer

from fnac_mm.media.audio import SoundTrack
from fnac_mm.media.clock import clock_zero
from fnac_mm.media.container import open_media
from fnac_mm.media.video import VideoReader
from ..media import index_frames, write_media

# What ffmpeg 5.1 of Debian 12 says; written by python -m of this module.
STORED = Path(__file__).with_name('corpus.json')
FPS = 25
SECONDS = 2.4
# What a player does with the stored picture, by the matrix a, b, c, d.
MATRICES: Dict[tuple, Callable[[np.ndarray], np.ndarray]] = {
    (1, 0, 0, 1): lambda p: p,
    (0, 1, -1, 0): lambda p: np.rot90(p, -1),
    (-1, 0, 0, -1): lambda p: np.rot90(p, 2),
    (0, -1, 1, 0): np.rot90,
    (-1, 0, 0, 1): lambda p: p[:, ::-1],
    (1, 0, 0, -1): lambda p: p[::-1],
    (0, 1, 1, 0): lambda p: p.swapaxes(0, 1),
    (0, -1, -1, 0): lambda p: np.rot90(p, 2).swapaxes(0, 1),
}


def bursts(seconds: float, rate: int = 44100) -> np.ndarray:
    """(S,) int16: at second k, 0.2 s of 400 + 100 k Hz."""
    time = np.arange(int(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * (400 + 100 * (time // 1)) * (time % 1))
    return (16000 * tone * (time % 1 < 0.2)).astype(np.int16)


def heard(samples: np.ndarray, rate: int) -> List[Tuple[float, int]]:
    """(second, Hz) at which bursts begin."""
    samples = np.asarray(samples, np.float64).ravel()
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-rate) > 0.3 * rate)]
    found = []
    for start in starts:
        part = samples[start + rate // 50:start + rate * 17 // 100]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 2**16))
        pitch = spectrum.argmax() * rate / 2**16
        found.append((start / rate, round(pitch / 100) * 100))
    return found


@dataclass
class Case:
    """One file of the corpus.

    Attributes:
        name (str): Of the file; the suffix tells the container.
        video (str, optional): Encoder of the pictures.
        audio (str, optional): Encoder of the sound.
        write (dict): Further arguments of ``write_media``.
        matrix (tuple, optional): Display matrix a, b, c, d.
        change (Callable, optional): Makes other bytes of the written ones.
    """
    name: str
    video: Optional[str] = None
    audio: Optional[str] = None
    write: Dict[str, Any] = field(default_factory=dict)
    matrix: Optional[tuple] = None
    change: Optional[Callable[[bytes], bytes]] = None

    @property
    def rate(self) -> int:
        """int: Hz that all encoders of the kind know."""
        return {
            'libopus': 48000,
            'libopencore_amrnb': 8000
        }.get(self.audio or '', 44100 if self.name.endswith(
            ('.flv', '.wma', '.wmv')) else 32000)

    def make(self, folder: Path) -> Path:
        """Write the file."""
        path = folder / self.name
        seconds = self.write.get('seconds', SECONDS)
        kwargs = {k: v for k, v in self.write.items() if k != 'seconds'}
        if self.video:
            kwargs = dict(
                frames=index_frames(round(seconds * FPS), 8),
                fps=FPS,
                video_codec=self.video) | kwargs
        if self.audio:
            kwargs |= dict(
                sound=bursts(seconds, self.rate),
                rate=self.rate,
                codec=self.audio)
        write_media(path, **kwargs)
        if self.matrix:
            path.write_bytes(_turn(path.read_bytes(), self.matrix))
        if self.change:
            path.write_bytes(self.change(path.read_bytes()))
        return path


def _turn(content: bytes, matrix: tuple) -> bytes:
    """Write a display matrix into an mp4."""
    plain = struct.pack('>9i', 65536, 0, 0, 0, 65536, 0, 0, 0, 2**30)
    a, b, c, d = (65536 * value for value in matrix)
    turned = struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 2**30)
    at = content.index(plain, content.index(b'tkhd'))
    return content[:at] + turned + content[at + len(plain):]


def _cut(part: float) -> Callable[[bytes], bytes]:
    return lambda content: content[:int(part * len(content))]


def _twice(content: bytes) -> bytes:
    return 2 * content


_OPTIONS: Dict[str, Dict[str, str]] = {
    'libx264': dict(preset='ultrafast', x264opts='scenecut=0:keyint=12'),
    'libx265': {
        'preset': 'ultrafast',
        'x265-params': 'log-level=none'
    },
    'libvpx': dict(deadline='realtime', g='12'),
    'libvpx-vp9': {
        'deadline': 'realtime',
        'cpu-used': '8',
        'g': '12'
    },
    'mpeg2video': dict(g='12'),
    'mpeg1video': dict(g='12'),
    'mjpeg': dict(strict='-2'),
}
# Container, pictures, sound: pairs that people have.
_PAIRS = [
    pair.split() for pair in '''
mp4 libx264 aac
mp4 libx264 libmp3lame
mp4 libx264 ac3
mp4 libx264 alac
mp4 libx264 flac
mp4 libx265 aac
mp4 mpeg4 aac
mp4 libvpx-vp9 libopus
mp4 mjpeg aac
mov libx264 pcm_s16le
mov libx264 aac
mov mjpeg pcm_s24le
mov prores_ks pcm_s16le
m4v mpeg4 aac
3gp libx264 aac
3gp mpeg4 libopencore_amrnb
mkv libx264 aac
mkv libx264 flac
mkv libx264 vorbis
mkv libx264 libopus
mkv libx265 ac3
mkv mpeg4 libmp3lame
mkv mpeg2video mp2
mkv ffv1 flac
mkv libvpx-vp9 libopus
mkv mjpeg pcm_s16le
mkv ffv1 pcm_f32le
webm libvpx libopus
webm libvpx vorbis
webm libvpx-vp9 libopus
webm libvpx-vp9 vorbis
avi mpeg4 libmp3lame
avi mpeg4 pcm_s16le
avi mpeg4 ac3
avi mjpeg pcm_s16le
avi huffyuv adpcm_ms
avi libx264 libmp3lame
ts libx264 aac
ts libx264 mp2
ts libx264 ac3
ts libx265 aac
ts mpeg2video mp2
mts libx264 ac3
mpg mpeg1video mp2
mpg mpeg2video mp2
vob mpeg2video ac3
flv libx264 aac
flv flv libmp3lame
wmv wmv2 wmav2
wmv mpeg4 wmav2
nut libx264 aac
'''.strip().splitlines()
]
_SOUNDS = '''
wav:pcm_s16le wav:pcm_s24le wav:pcm_f32le wav:pcm_mulaw wav:adpcm_ms
w64:pcm_s16le caf:pcm_s16le au:pcm_s16be aiff:pcm_s16be flac:flac
mp3:libmp3lame m4a:aac m4a:alac aac:aac ogg:vorbis ogg:libopus opus:libopus
oga:flac mka:libmp3lame wma:wmav2 ac3:ac3 amr:libopencore_amrnb wv:wavpack
webm:libopus'''.split()


def _films() -> List[Case]:
    """The corpus, in an order that does not change."""
    cases: List[Case] = []

    def add(tag: str, kind: str, video: Optional[str], audio: Optional[str],
            **rest: Any) -> None:
        name = '-'.join(filter(None, (tag, video, audio))) + f'.{kind}'
        own = {k: rest.pop(k) for k in ('matrix', 'change') if k in rest}
        options = dict(_OPTIONS.get(video or '', {}))
        options.update(rest.pop('video_options', {}))
        write = dict(rest)
        if video:
            write['video_options'] = options
        cases.append(Case(name, video, audio, write, **own))

    for kind, video, audio in _PAIRS:
        add('plain', kind, video, audio)
    for sound in _SOUNDS:
        kind, audio = sound.split(':')
        add('sound', kind, None, audio)
    usual = dict(
        mp4=('libx264', 'aac'),
        mov=('mpeg4', 'pcm_s16le'),
        mkv=('libx264', 'vorbis'),
        webm=('libvpx', 'libopus'),
        avi=('mpeg4', 'libmp3lame'),
        ts=('libx264', 'mp2'),
        mpg=('mpeg2video', 'mp2'),
        flv=('libx264', 'aac'))
    for kind, (video, audio) in usual.items():
        late = dict(first_frame=75, first_sample=3 * 32000)
        if audio == 'libopus':
            late['first_sample'] = 3 * 48000
        if kind != 'avi':
            add('late', kind, video, audio, **late)
            add('late_sound',
                kind,
                video,
                audio,
                first_sample=late['first_sample'] // 2)
            add('late_pictures', kind, video, audio, first_frame=20)
        add('hole', kind, video, audio, hole=(0.6, 1.1))
        add('cut',
            kind,
            video,
            audio,
            change=_cut(0.6),
            **(dict(options=dict(
                movflags='faststart')) if kind in ('mp4', 'mov') else {}))
        if kind not in ('avi', 'mpg'):
            add('uneven',
                kind,
                video,
                audio,
                seconds=1.6,
                pts=np.cumsum([0, *np.tile([1, 1, 3, 1, 2], 8)])[:-1].tolist())
        if kind not in ('webm', 'flv'):
            add('b_frames',
                kind,
                video,
                audio,
                video_options=(dict(
                    preset='fast', x264opts='scenecut=0:keyint=12:bframes=3')
                               if video == 'libx264' else dict(g='12',
                                                               bf='2')))
    for kind in ('mp4', 'mkv', 'ts', 'mpg'):
        x264 = kind != 'mpg'
        add('open_gop',
            kind,
            'libx264' if x264 else 'mpeg2video',
            'mp2',
            video_options=dict(
                preset='fast',
                x264opts='scenecut=0:keyint=12:bframes=2:open-gop=1:b-adapt=0')
            if x264 else dict(g='9', bf='2', flags='-cgop'))
    for kind in ('ts', 'mts', 'mpg', 'vob'):
        add('joined', kind, 'mpeg2video', 'mp2', change=_twice, seconds=2.6)
    for kind, audio in (('mp3', 'libmp3lame'), ('aac', 'aac'), ('ac3', 'ac3')):
        add('joined', kind, None, audio, change=_twice, seconds=2.6)
        add('cut', kind, None, audio, change=_cut(0.6))
    for kind, audio in (('wav', 'pcm_s16le'), ('flac', 'flac'),
                        ('ogg', 'vorbis'), ('opus', 'libopus'), ('m4a',
                                                                 'aac')):
        add('cut',
            kind,
            None,
            audio,
            change=_cut(0.85),
            options=dict(movflags='faststart') if kind == 'm4a' else {})
    for kind in ('mkv', 'webm'):
        for video in ('libvpx', 'libvpx-vp9'):
            add('live', kind, video, 'libopus', options=dict(live='1'))
    add('live', 'mkv', 'libx264', 'aac', options=dict(live='1'))
    add('no_index', 'mp3', None, 'libmp3lame', options=dict(write_xing='0'))
    for tag, flags in (('fragmented', 'frag_keyframe+empty_moov'),
                       ('dash', 'dash+frag_keyframe'),
                       ('separate', 'frag_keyframe+separate_moof'),
                       ('index_first', 'faststart')):
        for kind, video in (('mp4', 'libx264'), ('mov', 'mpeg4')):
            add(tag, kind, video, 'aac', options=dict(movflags=flags))
    add('no_edit_list',
        'mp4',
        'libx264',
        'aac',
        options=dict(use_editlist='0'))
    for number, matrix in enumerate(MATRICES):
        for kind in ('mp4', 'mov'):
            add(f'matrix{number}',
                kind,
                'mpeg4',
                None,
                matrix=matrix,
                seconds=0.8)
    for kind in ('mp4', 'mkv', 'ts', 'avi', 'mov'):
        add('aspect',
            kind,
            'mpeg2video' if kind == 'ts' else 'mpeg4',
            'mp2',
            aspect=Fraction(4, 3),
            seconds=0.8)
    add('aspect_turned',
        'mp4',
        'mpeg4',
        None,
        aspect=Fraction(4, 3),
        matrix=(0, 1, -1, 0),
        seconds=0.8)
    for kind, fps in (('mp4', Fraction(30000, 1001)), ('mkv', 60),
                      ('webm', 10), ('avi', 15), ('ts', 50)):
        add('rate', kind, usual[kind][0], usual[kind][1], fps=fps)
    return cases


CASES = {case.name: case for case in _films()}


def read_number(case: Case, picture: np.ndarray) -> int:
    """Number that a shown grey picture tells; -1 if none."""
    a, b, c, d = case.matrix or (1, 0, 0, 1)
    # The inverse of a matrix of turns and mirrors is its transpose.
    stored = MATRICES[(a, c, b, d)](picture)
    size = len(stored) // 2
    if stored.shape != (2 * size, 10 * size):
        return -1
    bits = stored.reshape(2, size, 10, size).mean(axis=(1, 3)) > 127
    return int((bits[0] << np.arange(10)).sum()) \
        if (bits[0] != bits[1]).all() else -1


def _runs(frames: Sequence[Tuple[int, float]]) -> List[List[int]]:
    """Join frames of one pace to [index, ms, count, microseconds apart]."""
    runs: List[List[Any]] = []
    for index, time in frames:
        if runs and index == runs[-1][0] + runs[-1][2]:
            first, begin, count, step = runs[-1]
            each = (time - begin) / count
            if count == 1 or abs(begin + count * step - time) < 1e-3:
                runs[-1][2:] = [count + 1, each]
                continue
        runs.append([index, time, 1, 0.0])
    return [[i, round(t * 1000), n, round(s * 1e6)] for i, t, n, s in runs]


def unfold(runs: Sequence[Sequence[int]]) -> List[Tuple[int, float]]:
    """(index, second) of each frame, see :func:`_runs`."""
    return [(index + k, begin / 1000 + k * step / 1e6)
            for index, begin, count, step in runs for k in range(count)]


@dataclass
class Answer:
    """What is in a file: seconds are those of FFmpeg's own zero.

    Attributes:
        frames (list): (index, second) of each frame shown.
        sounds (list): (second, Hz) of each burst.
        shape (list): Height, width and pixel aspect as shown.
        end (float): Second at which the sound ends.
    """
    frames: List[Tuple[int, float]] = field(default_factory=list)
    sounds: List[Tuple[float, int]] = field(default_factory=list)
    shape: List[Any] = field(default_factory=list)
    end: float = 0.0

    def to_json(self) -> list:
        """As stored."""
        return [
            _runs(self.frames), [[round(1e4 * t), f] for t, f in self.sounds],
            self.shape,
            round(self.end, 4)
        ]

    @classmethod
    def from_json(cls, stored: list) -> 'Answer':
        """As compared."""
        runs, sounds, shape, end = stored
        return cls(unfold(runs), [(t / 1e4, f) for t, f in sounds], shape, end)


def ask_ffmpeg(case: Case, path: Path) -> Answer:
    """What the ffmpeg command makes of a file."""
    answer = Answer()
    command = ['ffmpeg', '-y', '-nostdin', '-threads', '1', '-i', str(path)]
    pictures, sound = (path.with_suffix(s) for s in ('.gray', '.f32'))
    if case.video:
        command += '-map 0:V:0 -vf format=gray,showinfo -vsync 0 -f rawvideo' \
            .split() + [str(pictures)]
    if case.audio:
        command += '-map 0:a:0 -af aresample=async=1:first_pts=0 -ac 1 -f ' \
            f'f32le -ar {case.rate}'.split() + [str(sound)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    log = done.stderr.decode(errors='replace')
    if case.video and pictures.exists():
        raw = np.fromfile(pictures, np.uint8)
        found = re.search(r'config in time_base: (\d+)/(\d+)', log)
        unit = Fraction(*map(int, found.groups())) if found else Fraction(0)
        for line in re.findall(
                r'n: *\d+ pts: *(-?\d+) .*? sar:(\d+)/(\d+) s:(\d+)x(\d+)',
                log):
            pts, up, down, width, height = map(int, line)
            picture = raw[:width * height].reshape(height, width)
            raw = raw[width * height:]
            answer.frames.append((read_number(case,
                                              picture), float(pts * unit)))
            answer.shape = [height, width, f'{up}/{down}' if up else None]
        pictures.unlink()
    if case.audio and sound.exists():
        samples = np.fromfile(sound, np.float32)
        answer.sounds = heard(samples, case.rate)
        answer.end = len(samples) / case.rate
        sound.unlink()
    return answer


def clock_shift(container: InputContainer) -> float:
    """Second 0 here, on ffmpeg's clock."""
    return clock_zero(container) - (container.start_time or 0) / av.time_base


def ask_product(case: Case, path: Path, allow_cut: bool = True) -> Answer:
    """What the package makes of a file."""
    answer = Answer()
    if case.video:
        reader = VideoReader(str(path))
        try:
            for frame in reader:
                answer.frames.append(
                    (read_number(case,
                                 frame.image.mean(2)), float(frame.time)))
                answer.shape = [*frame.image.shape[:2]]
        finally:
            reader.close()
        answer.shape.append(
            f'{reader.aspect.numerator}/'
            f'{reader.aspect.denominator}' if reader.aspect else None)
    if case.audio:
        with SoundTrack(str(path), allow_cut=allow_cut) as track:
            samples = np.concatenate(
                [np.zeros(0), *(b.mean(axis=1) for b in track.blocks())])
            answer.sounds = heard(samples, track.rate)
            answer.end = len(samples) / track.rate
    with open_media(path) as container:
        shift = clock_shift(container)
    answer.frames = [(index, time + shift) for index, time in answer.frames]
    answer.sounds = [(time + shift, pitch) for time, pitch in answer.sounds]
    answer.end += shift
    return answer


def damage(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip, zero or cut some bytes of a file."""
    found = bytearray(content)
    at = int(rng.integers(len(content)))
    kind = rng.integers(3)
    if kind == 0:
        for where in rng.integers(len(content), size=rng.integers(1, 9)):
            found[where] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        stop = min(at + int(rng.integers(1, 2000)), len(content))
        found[at:stop] = bytes(stop - at)
    else:
        del found[at:]
    return bytes(found)


def main() -> None:
    """Ask ffmpeg about all files, and store what it says."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, case in CASES.items():
            answer = ask_ffmpeg(case, case.make(Path(folder))).to_json()
            lines.append(f'"{name}": {json.dumps(answer)}')
    STORED.write_text('{\n' + ',\n'.join(lines) + '\n}\n')


if __name__ == '__main__':
    main()
