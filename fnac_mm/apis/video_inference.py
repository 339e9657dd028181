"""A video with its heat map over it, frame by frame, in constant memory.

Shape legend: (H, W) pixels, (h, w) positions, F frequency bins, T time
frames.
"""
import json
import math
import os
from collections import Counter, deque
from contextlib import ExitStack, closing, contextmanager, suppress
from fractions import Fraction
from itertools import chain, islice, repeat
from pathlib import Path
from typing import (Any, Callable, Deque, Dict, Iterable, Iterator, List,
                    Optional, Sequence, Tuple, TypeVar)

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn

from fnac_mm.apis.inference_pipeline import InferencePipeline, tell_of_silence
from fnac_mm.apis.sound_windows import WindowedSound
from fnac_mm.apis.source_location import (NOT_PLACED, draw_found, enlarge_maps,
                                          place)
from fnac_mm.apis.video_options import VideoOptions
from fnac_mm.functional import get_protocol, mix_channels
from fnac_mm.functional.loudness import SILENT, gain_to_target, loudness
from fnac_mm.media.audio import SoundTrack
from fnac_mm.media.video import Frame, VideoReader
from fnac_mm.media.writer import SoundCopy, VideoWriter
from fnac_mm.models import AVDataPreprocessor
from fnac_mm.utils import atomic_path

# Called with the seconds done and those in all, None if not known.
Advance = Callable[[float, Optional[float]], None]
# A frame that the model sees and those that keep its map.
Group = List[Frame]
Item = TypeVar('Item')
# Seconds before the announced end at which a file seems cut off.
_MAX_SHORTAGE = 1.0


class VideoInference:
    """The run of a model over one video.

    Args:
        model (nn.Module): Localizer with an ``AVDataPreprocessor``.
        pipeline (InferencePipeline): Of its test data.
        path (str): Video.
        options (VideoOptions): What the user chose.
        min_confidence (float, optional): See
            :func:`~fnac_mm.apis.source_location.place`.
        sound (str, optional): File that is heard instead of the video's own
            sound, from its start to the end of the pictures.

    Raises:
        ValueError: If the file can't be read, has no picture or no sound,
            or the model analyses sound in a way of its own.
    """

    def __init__(self,
                 model: nn.Module,
                 pipeline: InferencePipeline,
                 path: str,
                 options: VideoOptions,
                 min_confidence: Optional[float],
                 sound: Optional[str] = None) -> None:
        self.model: Any = model
        self.pipeline = pipeline
        self.path, self.options = path, options
        self.min_confidence = min_confidence
        self.protocol = get_protocol(options.protocol)
        self._files = ExitStack()
        with self._files:
            self.reader = self._open(
                VideoReader(path, options.start, options.duration, options.fps,
                            options.threads))
            # Time of the file that becomes 0 in the output.
            self.zero = Fraction(options.start)
            cut = options.start > 0 or options.duration is not None
            length = options.duration if sound is None else \
                self.reader.seconds
            self.heard = sound or path
            self.copy = self._open(
                SoundCopy(self.heard, options.audio_track, options.start,
                          length, cut))
            self.gain_db = self._survey_sound()
            self.sound = self._analyze()
            self._files = self._files.pop_all()

    def _open(self, file: Any) -> Any:
        """Close it with the others."""
        return self._files.enter_context(closing(file))

    def _survey_sound(self) -> float:
        """Gain in dB that is asked for; a silent part is named."""
        options, peak = self.options, 0.0
        with closing(SoundTrack(self.heard, options.audio_track,
                                True)) as track:
            first = round(options.start * track.rate)
            stop = None if options.duration is None else \
                first + round(options.duration * track.rate)

            def waveforms() -> Iterator[np.ndarray]:
                nonlocal peak
                for block in track.blocks(first, stop):
                    waveform = mix_channels(block, self.heard).numpy()
                    peak = max(peak, float(np.abs(waveform).max()))
                    yield waveform

            level = -math.inf
            if options.gain == 'auto':
                level = loudness(waveforms(), track.rate)
            else:
                any(peak >= SILENT for _ in waveforms())
        tell_of_silence(self.heard, peak)
        return round(gain_to_target(level), 2)

    def _analyze(self) -> WindowedSound:
        """The windows, as in the training of the model."""
        own: Any = self.model.data_preprocessor
        if not isinstance(own, AVDataPreprocessor):
            raise ValueError(
                f'a video needs a model with AVDataPreprocessor, this one has '
                f'{type(own).__name__}; look at single frames (--still)')
        duration = self.pipeline.load_audio.duration
        track = self._open(
            SoundTrack(self.heard, self.options.audio_track, True))
        factor = 10**(self.gain_db / 20)
        return WindowedSound(track, duration,
                             lambda x, rate: own.analyze(factor * x, rate),
                             own.n_fft, own.hop_length,
                             self.pipeline.load_audio.sample_rate,
                             self.options.start - duration)

    def run(self, out_file: Path, progress: Advance) -> Dict[str, Any]:
        """Write the video and, beside it, a json of its frames.

        Args:
            out_file (Path): mp4 to write.
            progress (Callable): Told the seconds done and those in all,
                None if nobody knows.

        Returns:
            dict: See ``LocalizationInferencer.infer_video``.
        """
        log_file = out_file.with_suffix('.json')
        with suppress(FileNotFoundError):
            os.stat(log_file)  # a name that is too long is told at once
        counts = dict(n_frames=0, n_analyzed=0)
        placed: Counter = Counter()
        summary: Dict[str, Any] = {}
        with self._files, ExitStack() as outputs:
            write_record = outputs.enter_context(
                _frame_log(log_file, self._head(), summary))
            frames = iter(self.reader)
            first = next(frames)
            writer = outputs.enter_context(self._writer(out_file, first))
            for group, raw in self._maps(chain([first], frames)):
                record = self._draw(writer, group, raw)
                write_record(record)
                counts['n_frames'] += len(group)
                counts['n_analyzed'] += 1
                placed[record['placed']] += 1
                progress(
                    float(group[-1].time - self.zero), self.reader.seconds)
            summary.update(
                counts,
                n_placed=None if placed[None] else placed[True],
                audio='copied' if self.copy.copied else 'encoded as AAC',
                missing_seconds=self._missing(group[-1]))
        return dict(
            summary,
            audio_columns=self.sound.columns,
            gain_db=self.gain_db,
            files=dict(video=str(out_file), frames=str(log_file)))

    def _head(self) -> Dict[str, Any]:
        """What the json of the frames begins with."""
        return dict(
            source=self.path,
            start=self.options.start,
            threshold=self.options.threshold,
            min_confidence=self.min_confidence,
            gain_db=self.gain_db)

    def _missing(self, last: Frame) -> float:
        """Seconds by which the pictures end early; 0 if they do not."""
        end = float(last.time + last.duration - self.zero)
        missing = (self.reader.seconds or 0.0) - end
        usual = _MAX_SHORTAGE + 1 / (self.options.fps or self.reader.rate)
        return round(missing, 3) if missing > usual else 0.0

    def _draw(self, writer: VideoWriter, group: Group,
              raw: Tensor) -> Dict[str, Any]:
        """Write the frames of a map; return its record."""
        first = group[0]
        large = enlarge_maps(raw, first.image.shape[:2],
                             self.protocol)['audio_visual']
        found = place(raw, large, self.options.threshold, self.min_confidence)
        caption = f'confidence {found["confidence"]:.2f}'
        if found['placed'] is False:
            caption = f'{NOT_PLACED} ({caption})'
        for frame in group:
            picture = draw_found(frame.image, large, found, self.options.alpha,
                                 caption)
            writer.write(picture, frame.time - self.zero, frame.duration)
        time = round(float(first.time), 6)
        return dict(time=time, **found)

    def _writer(self, path: Path, frame: Frame) -> VideoWriter:
        """Output as large as a frame."""
        height, width = frame.image.shape[:2]
        return VideoWriter(path, (height, width), self.reader.time_base,
                           self.reader.rate, self.copy, self.reader.aspect,
                           self.options.threads)

    def _maps(self, frames: Iterator[Frame]) -> Iterator[Tuple[Group, Tensor]]:
        """Groups of frames in order, each with its map (h, w)."""
        smoother = self.options.smoother()
        waiting: Deque[Group] = deque()
        for batch in _chunks(
                _chunks(frames, self.options.every), self.options.batch_size):
            waiting.extend(batch)
            maps = self._predict([group[0] for group in batch])
            for group, raw in zip(batch, maps):
                for smooth in smoother.push(float(group[0].time), raw):
                    yield waiting.popleft(), smooth
        for smooth in smoother.flush():
            yield waiting.popleft(), smooth

    def _predict(self, frames: Sequence[Frame]) -> List[Tensor]:
        """Cosines (h, w) of each frame with the sound around it."""
        data = dict(
            inputs=dict(
                image=torch.stack(
                    [self.pipeline.pack_picture(f.image) for f in frames]),
                spectrogram=torch.stack(
                    [self.sound.window(float(f.time)) for f in frames])))
        samples = self.model.test_step(data)
        return [s.pred_map.data[0].float().cpu() for s in samples]


def _chunks(items: Iterable[Item], size: int) -> Iterator[List[Item]]:
    """Lists of this many; the last may be shorter."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


@contextmanager
def _frame_log(path: Path, head: Dict[str, Any],
               summary: Dict[str, Any]) -> Iterator[Callable[[dict], Any]]:
    """Write a json object as its list of frames grows.

    Its memory does not grow, and it appears when it is complete, with the
    summary at its end. Yields what adds a frame: plain, finite values.
    """
    with atomic_path(path) as draft, draft.open('w', encoding='utf-8') as file:
        file.write(f'{json.dumps(head)[:-1]}, "frames": [')
        commas = chain([''], repeat(','))
        yield lambda record: file.write(
            f'{next(commas)}\n{json.dumps(record, allow_nan=False)}')
        file.write(f'\n], {json.dumps(summary)[1:]}\n')


@contextmanager
def progress_bar(name: str, show: bool) -> Iterator[Advance]:
    """A bar on the terminal; yields what is told how far the work is."""
    with Progress(console=Console(stderr=True), disable=not show) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
