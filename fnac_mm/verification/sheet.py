"""Contact sheet of the files with problems."""
import os
from pathlib import Path
from typing import List, Tuple

import cv2
import numpy as np

from fnac_mm.datasets import LoadImage
from fnac_mm.functional import mono_window
from fnac_mm.media.suffixes import media_kind
from fnac_mm.visualization import contact_sheet
from fnac_mm.visualization.localization_visualizer import write_image
from .problems import ADVICE, Problem

_CELL = (160, 200)
_SECONDS = 10.0
# Of lists and ids there is nothing to see.
_NO_FILE = ('data_set', 'leaked_id', 'missing')


def _waveform_picture(path: str) -> np.ndarray:
    """Envelope of a recording, at the scale of full level."""
    samples = mono_window(path, _SECONDS)[0]
    if not len(samples):
        raise ValueError('the recording is empty')
    height, width = _CELL
    levels = np.array([
        np.abs(part).max(initial=1 / height)
        for part in np.array_split(samples, width)
    ])
    picture = np.full((height, width, 3), 255, np.uint8)
    rows = np.abs(np.linspace(-1, 1, height))
    picture[rows[:, None] <= levels] = (30, 60, 160)
    return picture


def _tile(path: str) -> np.ndarray:
    """A file as a picture; what can't be read as a crossed box."""
    try:
        if media_kind(path) == 'picture':
            return LoadImage()(dict(img_path=path))['img'][..., ::-1]
        return _waveform_picture(path)
    except (OSError, ValueError):
        picture = np.full((*_CELL, 3), 90, np.uint8)
        cv2.line(picture, (0, 0), _CELL[::-1], (220, 60, 60), 2)
        cv2.line(picture, (_CELL[1], 0), (0, _CELL[0]), (220, 60, 60), 2)
        return picture


def _pair(problem: Problem) -> np.ndarray:
    """A file, above the one that it is like."""
    if not problem.other:
        return _tile(problem.file)
    return contact_sheet(
        [_tile(problem.file), _tile(problem.other)], 1, None, _CELL, 2)


def write_sheet(problems: List[Problem],
                path: Path,
                most: int = 64,
                per_kind: int = 8) -> Tuple[int, int]:
    """Draw problem files, eight of each kind at most.

    Args:
        problems (list[Problem]): All problems.
        path (Path): Picture to write.
        most (int): Files on the sheet.
        per_kind (int): Of each kind of problem.

    Returns:
        tuple[int, int]: Files drawn, and problems that have a file.
    """
    drawable = sorted((p for p in problems if p.kind not in _NO_FILE),
                      key=lambda p: p.file)
    chosen = [
        problem for kind in ADVICE
        for problem in [p for p in drawable if p.kind == kind][:per_kind]
    ][:most]
    if chosen:
        captions = [f'{p.kind}\n{os.path.basename(p.file)}' for p in chosen]
        sheet = contact_sheet([_pair(p) for p in chosen], min(8, len(chosen)),
                              captions, _CELL)
        write_image(str(path), sheet)
    return len(chosen), len(drawable)
