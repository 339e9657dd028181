"""Overlays that are drawn again without running the network again."""
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Union

import torch
from torch import Tensor

from fnac_mm.apis.localization_inferencer import LocalizationInferencer
from fnac_mm.apis.source_location import NOT_PLACED, draw_found, place
from fnac_mm.apis.video_inference import Advance, VideoInference
from fnac_mm.apis.video_options import VideoOptions
from fnac_mm.media.video import Frame
from fnac_mm.utils import write_atomically
from fnac_mm.visualization.localization_visualizer import write_image


class RedrawnPicture:
    """A picture and a sound.

    Args:
        inferencer (LocalizationInferencer): Model.
        stem (Path): Results are ``<stem>.png`` and ``<stem>.json``.
        image (str): Picture.
        audio (str): Recording.
    """

    def __init__(self, inferencer: LocalizationInferencer, stem: Path,
                 image: str, audio: str) -> None:
        self.inferencer, self.stem = inferencer, stem
        self.image, self.audio = image, audio
        self.prediction: Dict[str, Any] = {}

    def draw(self,
             alpha: float,
             threshold: float,
             progress: Optional[Advance] = None) -> Dict[str, Any]:
        """Draw; the first time with the network, then with its kept map.

        Args:
            alpha (float): Opacity of the map, in [0, 1].
            threshold (float): Level that bounds boxes, in (0, 1].
            progress (Callable, optional): Told the seconds done and those
                in all, None if nobody knows; not of a picture.

        Returns:
            dict: Paths ``overlay`` and ``records``, and ``text``, in words.

        Raises:
            OSError: If a file can't be read or written.
            ValueError: If one can't be decoded, or a value is out of range.
        """
        options = VideoOptions(alpha=alpha, threshold=threshold)
        if not self.prediction:
            self.prediction, = self.inferencer(
                dict(image=self.image, audio=self.audio),
                draw=False)['predictions']
        limit = self.inferencer.min_confidence
        heat = self.prediction['map']
        found = place(
            torch.from_numpy(self.prediction['raw_map']), heat,
            options.threshold, limit)
        picture = draw_found(
            self.inferencer.pipeline.read_picture(self.image), heat, found,
            options.alpha, NOT_PLACED if found['placed'] is False else '')
        overlay = self.stem.with_suffix('.png')
        write_image(str(overlay), picture)
        records = self.stem.with_suffix('.json')
        content = dict(
            source=Path(self.image).name,
            sound=Path(self.audio).name,
            threshold=threshold,
            min_confidence=limit,
            **found)
        write_atomically(records,
                         json.dumps(content, indent=1, allow_nan=False) + '\n')
        return dict(
            overlay=str(overlay),
            records=str(records),
            text=_describe_picture(found, limit))


class RedrawnVideo:
    """A video with its own or another sound.

    Args:
        inferencer (LocalizationInferencer): Model.
        stem (Path): Results are ``<stem>.mp4`` and ``<stem>.json``.
        video (str): Video.
        audio (str, optional): Recording that is heard instead of its sound.
        every (int): The model looks at every Nth frame. Defaults to 1.
    """

    def __init__(self,
                 inferencer: LocalizationInferencer,
                 stem: Path,
                 video: str,
                 audio: Optional[str] = None,
                 every: int = 1) -> None:
        self.inferencer, self.stem = inferencer, stem
        self.video, self.audio, self.every = video, audio, every
        self.maps: List[Tensor] = []

    @torch.no_grad()
    def draw(self,
             alpha: float,
             threshold: float,
             progress: Optional[Advance] = None) -> Dict[str, Any]:
        """Draw; see :meth:`RedrawnPicture.draw`."""
        options = VideoOptions(
            alpha=alpha, threshold=threshold, every=self.every)
        run = _KeepingInference(self.inferencer.model,
                                self.inferencer.pipeline, self.video, options,
                                self.inferencer.min_confidence, self.audio)
        run.known, run.fresh = iter(self.maps) if self.maps else None, []
        summary = run.run(
            self.stem.with_suffix('.mp4'), progress
            or (lambda done, total: None))
        self.maps = self.maps or run.fresh
        return dict(
            overlay=summary['files']['video'],
            records=summary['files']['frames'],
            text=_describe_video(summary))


RedrawnOverlay = Union[RedrawnPicture, RedrawnVideo]


class _KeepingInference(VideoInference):
    """Keeps the maps that the model makes, or draws known ones."""

    known: Optional[Iterator[Tensor]] = None
    fresh: List[Tensor]

    def _predict(self, frames: Sequence[Frame]) -> List[Tensor]:
        if self.known is not None:
            return [next(self.known) for _ in frames]
        maps = super()._predict(frames)
        self.fresh.extend(maps)
        return maps

    def _head(self) -> Dict[str, Any]:
        """Names without the folder in which uploads happen to lie."""
        return dict(
            super()._head(),
            source=Path(self.path).name,
            sound=Path(self.heard).name)


def _describe_picture(found: Dict[str, Any], limit: Optional[float]) -> str:
    confidence = f'confidence {found["confidence"]:.2f}'
    if found['placed'] is False:
        return (f'Nothing in the picture seems to make this sound '
                f'({confidence}; a source is placed above {limit:.2f}).')
    x, y = (round(100 * part) for part in found['peak'])
    return (f'The sound seems to come from {x} % from the left, {y} % from '
            f'the top ({confidence}).')


def _describe_video(summary: Dict[str, Any]) -> str:
    analyzed, placed = summary['n_analyzed'], summary['n_placed']
    text = (f'{analyzed:,} frames analysed' if placed is None else
            f'A source is placed in {placed:,} of {analyzed:,} analysed '
            'frames')
    missing = summary['missing_seconds']
    if missing:
        text += (f'; the pictures end {missing:g} s before the end that the '
                 'file announces, is it cut off?')
    return f'{text.rstrip("?")}{"?" if missing else "."}'
