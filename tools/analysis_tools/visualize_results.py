"""Draw samples of a result file on one sheet: heat map, region, true boxes.

    python tools/analysis_tools/visualize_results.py results.json --out a.png
"""
import argparse
import sys
from typing import Any, Dict, List, Optional, Sequence

import mmcv
import numpy as np
import torch

from fnac_mm.evaluation import read_results
from fnac_mm.structures import AVDataSample
from fnac_mm.visualization import LocalizationVisualizer, contact_sheet
from fnac_mm.visualization.localization_visualizer import write_image

PICKS = ('random', 'best', 'worst')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('results', help='json written by tools/test.py --out')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--num', type=int, default=24, help='samples (default: 24)')
    parser.add_argument('--columns', type=int, default=8)
    parser.add_argument(
        '--pick',
        choices=PICKS,
        default='random',
        help='by cIoU of the audio-visual map, or at random (default)')
    parser.add_argument('--seed', type=int, default=0, help='of the choice')
    return parser.parse_args(argv)


def choose(rows: List[Dict[str, Any]], pick: str, num: int,
           seed: int) -> List[Dict[str, Any]]:
    """Rows to draw.

    Args:
        rows (list[dict]): Results.
        pick (str): ``'random'``, ``'best'`` or ``'worst'``.
        num (int): At most so many.
        seed (int): Of the random choice.

    Returns:
        list[dict]: Chosen rows.
    """
    if pick == 'random':
        order = np.random.default_rng(seed).permutation(len(rows))
        return [rows[i] for i in order[:num]]
    ranked = sorted(
        rows,
        key=lambda row: row['ciou']['audio_visual'],
        reverse=pick == 'best')
    return ranked[:num]


def draw(row: Dict[str, Any],
         visualizer: LocalizationVisualizer) -> np.ndarray:
    """Frame of a row with map, region and boxes.

    Args:
        row (dict): Result of a sample.
        visualizer (LocalizationVisualizer): Draws.

    Returns:
        ndarray: (H, W, 3) RGB uint8.

    Raises:
        ValueError: If the row does not say where its frame is.
    """
    if 'img_path' not in row:
        raise ValueError(f'sample {row["sample_id"]!r}: no img_path in the '
                         'result file; write it again with tools/test.py')
    sample = AVDataSample(metainfo=dict(sample_id=row['sample_id']))
    sample.set_pred_map(torch.tensor(row['map']))
    sample.set_gt_boxes(row['boxes'])
    return visualizer.add_datasample(
        row['sample_id'],
        mmcv.imread(row['img_path'], channel_order='rgb'),
        sample,
        draw_caption=False)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Choose, draw, write."""
    args = parse_args(argv)
    try:
        content = read_results(args.results)
        rows = choose(content['results'], args.pick, args.num, args.seed)
        visualizer = LocalizationVisualizer('results')
        frames = [draw(row, visualizer) for row in rows]
        captions = [
            f'{row["ciou"]["audio_visual"]:.2f}  {row.get("class_name", "")}'
            for row in rows
        ]
        write_image(args.out, contact_sheet(frames, args.columns, captions))
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: {len(rows)} of {content["n"]} samples ({args.pick}), '
          'cIoU and class below each; green: true box, white: prediction')


if __name__ == '__main__':
    main()
