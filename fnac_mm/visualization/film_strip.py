"""How heat maps changed over the epochs: a row per sample."""
import re
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np
from PIL import Image

from fnac_mm.media.pictures import read_picture
from fnac_mm.utils import atomic_path
from .overlay import contact_sheet

# What LocalizationVisualizationHook draws, as LocalVisBackend names it.
_PICTURE = re.compile(r'heat_map_(.+)_(\d+)\.png')
History = Dict[int, Dict[str, Path]]


def plain_name(sample_id: str) -> str:
    """An id as part of a file name: ``_`` for all but ``+-.`` and letters."""
    return re.sub(r'[^\w+.-]', '_', sample_id)


def find_pictures(work_dir: str, count: int) -> History:
    """Pictures of a run's validations, also of one that was resumed.

    Args:
        work_dir (str): With a folder per start, named by its time. Of an
            epoch that several starts have validated the last one's count.
        count (int): At most so many epochs, with the first and last; 1: the
            last.

    Returns:
        dict[int, dict[str, Path]]: By epoch and the plain name of the id.

    Raises:
        FileNotFoundError: If there is none.
    """
    found: History = {}
    for folder in sorted(Path(work_dir).glob('*/vis_data/vis_image')):
        start: History = {}
        for path in sorted(folder.iterdir()):
            match = _PICTURE.fullmatch(path.name)
            if match:
                start.setdefault(int(match[2]), {})[match[1]] = path
        # A later start has trained these epochs again.
        first = min(start, default=np.inf)
        found = {k: v for k, v in found.items() if k < first} | start
    if not found:
        raise FileNotFoundError(
            f'{work_dir}: no */vis_data/vis_image/heat_map_*_<epoch>.png; '
            'train with LocalVisBackend and --cfg-options '
            'default_hooks.visualization.enable=True')
    epochs, last = sorted(found), len(found) - 1
    if count <= last:
        chosen = np.linspace(last if count == 1 else 0, last, count)
        epochs = [epochs[round(place)] for place in chosen]
    return {epoch: found[epoch] for epoch in epochs}


def draw_film_strip(history: History,
                    ids: Sequence[str] = (),
                    cell: int = 224,
                    title: str = '') -> Tuple[np.ndarray, List[np.ndarray]]:
    """Put the pictures of validations side by side.

    Args:
        history (dict[int, dict[str, Path]]): See :func:`find_pictures`.
        ids (Sequence[str]): Samples in this order; none: those of the last
            validation.
        cell (int): Pixels of a cell. Defaults to 224.
        title (str): Written over all.

    Returns:
        tuple[ndarray, list[ndarray]]: A sheet with a column per validation,
        and one sheet per validation; RGB uint8.

    Raises:
        ValueError: If there is no picture of a sample.
    """
    last = list(history.values())[-1]
    names = [plain_name(name) for name in ids] or list(last)
    unknown = [name for name in names if name not in last]
    if unknown:
        raise ValueError(f'no maps of {", ".join(unknown)}; there are those '
                         f'of {", ".join(last)}')
    blank = np.zeros((cell, cell, 3), np.uint8)
    columns = [[
        read_picture(pictures[name]) if name in pictures else blank
        for name in names
    ] for pictures in history.values()]

    def sheet(epochs: Sequence[int],
              columns: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        return contact_sheet([tile for row in zip(*columns) for tile in row],
                             len(columns),
                             [f'epoch {epoch}'
                              for epoch in epochs] * len(names), (cell, cell),
                             title=title)

    parts = [sheet([e], [column]) for e, column in zip(history, columns)]
    return sheet(list(history), columns), parts


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
