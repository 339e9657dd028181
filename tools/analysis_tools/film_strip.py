r"""Draw how heat maps changed over the epochs: a row per sample.

    python tools/train.py CONFIG --work-dir work_dirs/x --cfg-options \
        default_hooks.visualization.enable=True
    python tools/analysis_tools/film_strip.py work_dirs/x --out strip.png

Left the frame with its true source, then the maps of the validations. The raw
maps are stored, so colours, kind of map and samples can be chosen afterwards.
"""
import argparse
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import mmcv
import numpy as np
from PIL import Image

from fnac_mm.evaluation import read_history
from fnac_mm.evaluation.report import MAPS
from fnac_mm.evaluation.sample_rows import row_to_sample
from fnac_mm.functional import Protocol
from fnac_mm.visualization import (LocalizationVisualizer, contact_sheet,
                                   draw_overlay)
from fnac_mm.visualization.localization_visualizer import (true_source,
                                                           write_image)
from fnac_mm.visualization.overlay import fit

Tile = Tuple[np.ndarray, str]


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', help='work dir of tools/train.py')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--gif', metavar='FILE', help='the same as an animation over epochs')
    parser.add_argument(
        '--ids', nargs='+', help='samples, in this order (default: all)')
    parser.add_argument(
        '--columns',
        type=int,
        default=8,
        help='at most so many epochs, evenly spread, with the first and the '
        'last (default: 8)')
    parser.add_argument(
        '--kind', choices=MAPS, default='audio_visual', help='kind of map')
    parser.add_argument(
        '--colormap', default='inferno', help='of OpenCV (default: inferno)')
    parser.add_argument(
        '--cell', type=int, default=160, help='pixels of a cell')
    args = parser.parse_args(argv)
    if args.columns < 1 or args.cell < 32:
        parser.error('--columns must be at least 1 and --cell at least 32')
    return args


def spread(history: List[Dict[str, Any]], count: int) -> List[Dict[str, Any]]:
    """Validations to show, with the first and the last.

    Args:
        history (list[dict]): By epoch.
        count (int): At most so many; 1 gives the last.

    Returns:
        list[dict]: Evenly spread over the places in the list.
    """
    last = len(history) - 1
    if count > last:
        return history
    chosen = np.linspace(last if count == 1 else 0, last, count)
    return [history[round(place)] for place in chosen]


def choose_ids(history: List[Dict[str, Any]],
               wanted: Optional[Sequence[str]]) -> List[str]:
    """Samples to show.

    Args:
        history (list[dict]): Validations.
        wanted (Sequence[str], optional): None: those of the last one.

    Returns:
        list[str]: Ids.

    Raises:
        ValueError: If one was never stored.
    """
    known = [row['sample_id'] for row in history[-1]['results']]
    unknown = sorted(set(wanted or ()) - set(known))
    if unknown or not known:
        raise ValueError(f'no maps of {", ".join(unknown) or "any sample"}; '
                         f'there are those of {", ".join(known) or "none"}')
    return list(wanted or known)


def draw_maps(part: Dict[str, Any], ids: Sequence[str],
              args: argparse.Namespace) -> List[Tile]:
    """The tiles of one validation, in the order of the ids."""
    visualizer = LocalizationVisualizer(
        f'epoch {part["epoch"]}',
        protocol=Protocol(**part['protocol']),
        kind=args.kind,
        colormap=args.colormap)
    visualizer.dataset_meta = part['dataset']
    rows = {row['sample_id']: row for row in part['results']}
    tiles: List[Tile] = []
    for sample_id in ids:
        if sample_id not in rows:
            blank = np.zeros((args.cell, args.cell, 3), np.uint8)
            tiles.append((blank, f'epoch {part["epoch"]}: none'))
            continue
        row = rows[sample_id]
        found = visualizer.describe(row_to_sample(row))
        score = found.pop('score', None)
        caption = f'epoch {part["epoch"]}'
        caption += '' if score is None else f'  cIoU {score:.2f}'
        frame = read_frame(part, row, args.cell)
        tiles.append((draw_overlay(frame, **found), caption))
    return tiles


def draw_frames(part: Dict[str, Any], ids: Sequence[str],
                cell: int) -> List[Tile]:
    """The frames with what is to be found, named."""
    rows = {row['sample_id']: row for row in part['results']}
    return [(draw_overlay(
        read_frame(part, rows[sample_id], cell),
        **true_source(row_to_sample(rows[sample_id]))),
             rows[sample_id].get('class_name') or sample_id)
            for sample_id in ids]


def read_frame(part: Dict[str, Any], row: Dict[str, Any],
               cell: int) -> np.ndarray:
    """(H, W, 3) RGB uint8, as it was stored, scaled to a cell."""
    frame = mmcv.imread(part['folder'] / row['frame'], channel_order='rgb')
    return fit(frame, (cell, cell))


def make_sheet(columns: Sequence[Sequence[Tile]], title: str,
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
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    first, *others = [Image.fromarray(sheet) for sheet in sheets]
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=[500] * len(others) + [2000],
        loop=0)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Read, choose, draw, write."""
    args = parse_args(argv)
    try:
        history = spread(read_history(args.work_dir), args.columns)
        ids = choose_ids(history, args.ids)
        frames = draw_frames(history[-1], ids, args.cell)
        maps = [draw_maps(part, ids, args) for part in history]
        name = history[-1]['dataset'].get('name') or args.work_dir
        title = f'{name}, {args.kind.replace("_", " ")} map'
        write_image(args.out, make_sheet([frames, *maps], title, args.cell))
        if args.gif:
            write_gif(args.gif, [
                make_sheet([frames, column], title, args.cell)
                for column in maps
            ])
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: {len(ids)} samples, epochs '
          f'{", ".join(str(part["epoch"]) for part in history)}; green: true '
          'source, white: prediction')


if __name__ == '__main__':
    main()
