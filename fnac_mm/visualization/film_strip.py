"""How heat maps changed over the epochs: a row per sample."""
from pathlib import Path
from typing import (Any, Callable, Dict, List, Mapping, Optional, Sequence,
                    Tuple)

import numpy as np
from PIL import Image

from fnac_mm.functional import Protocol
from fnac_mm.media.pictures import read_picture
from fnac_mm.structures import AVDataSample
from fnac_mm.utils import atomic_path
from .localization_visualizer import LocalizationVisualizer, true_source
from .overlay import contact_sheet, draw_overlay, fit

Tile = Tuple[np.ndarray, str]
ToSample = Callable[[Mapping[str, Any]], AVDataSample]


def spread(history: List[Dict[str, Any]], count: int) -> List[Dict[str, Any]]:
    """At most so many validations, with the first and last; 1: the last."""
    last = len(history) - 1
    if count > last:
        return history
    chosen = np.linspace(last if count == 1 else 0, last, count)
    return [history[round(place)] for place in chosen]


def draw_film_strip(history: Sequence[Mapping[str, Any]],
                    to_sample: ToSample,
                    ids: Optional[Sequence[str]] = None,
                    kind: str = 'audio_visual',
                    colormap: str = 'inferno',
                    cell: int = 160) -> Tuple[np.ndarray, List[np.ndarray]]:
    """Draw frames and the maps of validations.

    Args:
        history (Sequence[Mapping]): Validations as
            :func:`fnac_mm.evaluation.read_history` gives them.
        to_sample (Callable): Annotation and maps of one of their rows.
        ids (Sequence[str], optional): Samples in this order; None: those of
            the last validation.
        kind (str): Kind of map. Defaults to ``'audio_visual'``.
        colormap (str): Of OpenCV. Defaults to ``'inferno'``.
        cell (int): Pixels of a cell. Defaults to 160.

    Returns:
        tuple[ndarray, list[ndarray]]: A sheet with the frames and a column
        per validation, and one sheet per validation; RGB uint8.

    Raises:
        ValueError: If there are no maps of a sample, or none of this kind.
    """
    last = {row['sample_id']: row for row in history[-1]['results']}
    unknown = sorted(set(ids or ()) - set(last))
    if unknown or not last:
        raise ValueError(f'no maps of {", ".join(unknown) or "any sample"}; '
                         f'there are those of {", ".join(last) or "none"}')
    names = list(ids or last)
    frames = []
    for name in names:
        true = true_source(to_sample(last[name]))
        frames.append(
            (draw_overlay(_read_frame(history[-1], last[name], cell),
                          **true), last[name].get('class_name') or name))
    columns = []
    for part in history:
        visualizer = LocalizationVisualizer(
            f'epoch {part["epoch"]}',
            protocol=Protocol(**part['protocol']),
            kind=kind,
            colormap=colormap)
        visualizer.dataset_meta = part['dataset']
        columns.append(_draw_maps(part, names, visualizer, to_sample, cell))
    name = history[-1]['dataset'].get('name') or 'validation'
    title = f'{name}, {kind.replace("_", " ")} map'
    return (_make_sheet([frames, *columns], title, cell),
            [_make_sheet([frames, column], title, cell) for column in columns])


def _draw_maps(part: Mapping[str, Any], names: Sequence[str],
               visualizer: LocalizationVisualizer, to_sample: ToSample,
               cell: int) -> List[Tile]:
    """The tiles of one validation, in the order of the names."""
    rows = {row['sample_id']: row for row in part['results']}
    tiles: List[Tile] = []
    for name in names:
        caption = f'epoch {part["epoch"]}'
        if name not in rows:
            blank = np.zeros((cell, cell, 3), np.uint8)
            tiles.append((blank, f'{caption}: none'))
            continue
        found = visualizer.describe(to_sample(rows[name]))
        score = found.pop('score', None)
        caption += '' if score is None else f'  cIoU {score:.2f}'
        frame = _read_frame(part, rows[name], cell)
        tiles.append((draw_overlay(frame, **found), caption))
    return tiles


def _read_frame(part: Mapping[str, Any], row: Mapping[str, Any],
                cell: int) -> np.ndarray:
    """(H, W, 3) RGB uint8, as it was stored, scaled to a cell."""
    frame = read_picture(part['folder'] / row['frame'])
    return fit(frame, (cell, cell))


def _make_sheet(columns: Sequence[Sequence[Tile]], title: str,
                cell: int) -> np.ndarray:
    """Put columns of tiles on one sheet."""
    tiles = [tile for row in zip(*columns) for tile in row]
    return contact_sheet([picture for picture, _ in tiles],
                         columns=len(columns),
                         captions=[caption for _, caption in tiles],
                         cell=(cell, cell),
                         title=title)


def write_gif(path: str, sheets: Sequence[np.ndarray]) -> None:
    """Write an animation, half a second a sheet, the last one longer."""
    first, *others = [Image.fromarray(sheet) for sheet in sheets]
    with atomic_path(Path(path)) as draft:
        first.save(
            draft,
            format='gif',
            save_all=True,
            append_images=others,
            duration=[500] * len(others) + [2000],
            loop=0)
