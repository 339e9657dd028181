r"""Draw samples of a result file on one sheet: heat map, region, true source.

    python tools/analysis_tools/visualize_results.py results.json --out a.png \
        --order worst --kind audio_visual fused

Drawn and scored by the protocol of the file. The score below a map is its
cIoU; of a segmentation its IoU; of negative audio, where a single score says
little, the peak of the map.
"""
import argparse
import math
import sys
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Sequence

import mmcv
import numpy as np

from fnac_mm.evaluation import read_results, score_again
from fnac_mm.evaluation.report import MAPS
from fnac_mm.evaluation.sample_rows import row_to_sample
from fnac_mm.functional import Protocol
from fnac_mm.visualization import (LocalizationVisualizer, contact_sheet,
                                   draw_overlay)
from fnac_mm.visualization.localization_visualizer import (true_source,
                                                           write_image)
from fnac_mm.visualization.overlay import fit

CELL = (224, 224)
ORDERS = ('random', 'best', 'worst')
# Metrics that keep maps, and what a sample's score is called.
SCORE_NAMES = dict(
    LocalizationMetric='cIoU',
    ExtendedLocalizationMetric='cIoU',
    SegmentationMetric='IoU',
    NegativeAudioMetric='peak')
Scores = Dict[str, float]


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
        '--order',
        '--pick',
        choices=ORDERS,
        default='random',
        help='by the score of the first kind of map, or at random (default)')
    parser.add_argument('--seed', type=int, default=0, help='of the choice')
    parser.add_argument(
        '--kind',
        nargs='+',
        choices=MAPS,
        default=['audio_visual'],
        help='kinds of map, side by side (default: audio_visual)')
    args = parser.parse_args(argv)
    if min(args.num, args.columns) < 1 or args.seed < 0:
        parser.error('--num and --columns must be at least 1, --seed at '
                     'least 0')
    return args


def score_samples(content: Dict[str, Any], kind: str) -> Scores:
    """Score of each sample.

    Args:
        content (dict): See :func:`fnac_mm.evaluation.read_results`.
        kind (str): Kind of map.

    Returns:
        dict[str, float]: By id, what ``SCORE_NAMES`` says.

    Raises:
        ValueError: If the file has no maps, or none of this kind.
    """
    name = content['metric']['type']
    if name not in SCORE_NAMES:
        raise ValueError(f'{name} keeps no maps that could be drawn')
    rows = content['results']
    if name != 'LocalizationMetric':
        rows = score_again(content).results
    scores: Scores = {}
    for row in rows:
        known = row.get('ciou', row.get('scores', {}))
        if 'peak' in row and kind == 'audio_visual':
            known = dict(audio_visual=row['peak'])
        if kind not in known:
            raise ValueError(f'sample {row["sample_id"]!r} has no score of '
                             f'its {kind} map; scored are '
                             f'{", ".join(k for k in MAPS if k in known)}')
        score = known[kind]
        scores[row['sample_id']] = float(
            score[0] if isinstance(score, (tuple, list)) else score)
    return scores


def choose(rows: List[Dict[str, Any]], scores: Mapping[str, float], order: str,
           num: int, seed: int) -> List[Dict[str, Any]]:
    """Rows to draw.

    Args:
        rows (list[dict]): Results.
        scores (Mapping[str, float]): By id; those that are NaN come last.
        order (str): ``'random'``, ``'best'`` or ``'worst'``.
        num (int): At most so many.
        seed (int): Of the random choice.

    Returns:
        list[dict]: Chosen rows.
    """
    if order == 'random':
        places = np.random.default_rng(seed).permutation(len(rows))
        return [rows[i] for i in places[:num]]
    sign = -1 if order == 'best' else 1

    def rank(row: Dict[str, Any]) -> float:
        score = sign * scores[row['sample_id']]
        return math.inf if math.isnan(score) else score

    return sorted(rows, key=rank)[:num]


def make_visualizer(content: Dict[str, Any],
                    kind: str) -> LocalizationVisualizer:
    """What draws as the file was scored."""
    protocol = Protocol(**content['protocol'])
    if content['metric']['type'] == 'NegativeAudioMetric':
        # One threshold for all samples, not that of the protocol.
        protocol = replace(protocol, threshold=content['metrics']['threshold'])
    visualizer = LocalizationVisualizer(kind, protocol=protocol, kind=kind)
    visualizer.dataset_meta = content['dataset']
    return visualizer


def draw(row: Dict[str, Any],
         visualizer: LocalizationVisualizer,
         threshold: Optional[float] = None) -> np.ndarray:
    """Frame of a row with map, region and true source.

    Args:
        row (dict): Result of a sample.
        visualizer (LocalizationVisualizer): Draws.
        threshold (float, optional): The region is where the normalised map
            is above it. None (default): as the protocol says.

    Returns:
        ndarray: (H, W, 3) RGB uint8, of the size of a cell.

    Raises:
        FileNotFoundError: If the frame is not where the test found it.
        ValueError: If the row does not say where its frame is.
    """
    if 'img_path' not in row:
        raise ValueError(f'sample {row["sample_id"]!r}: no img_path in the '
                         'result file; write it again with tools/test.py')
    try:
        frame = mmcv.imread(row['img_path'], channel_order='rgb')
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{row["img_path"]}: no such frame; run this in the folder that '
            'tools/test.py ran in') from None
    sample = row_to_sample(row)
    parts = visualizer.describe(sample)
    parts.pop('score', None)
    if threshold is not None:
        parts['region'] = parts['map'] > threshold
    return draw_overlay(fit(frame, CELL), **parts, **true_source(sample))


def make_sheet(content: Dict[str, Any],
               args: argparse.Namespace) -> np.ndarray:
    """Choose and draw; the kinds of a sample stand side by side."""
    scores = {kind: score_samples(content, kind) for kind in args.kind}
    name = SCORE_NAMES[content['metric']['type']]
    rows = choose(content['results'], scores[args.kind[0]], args.order,
                  args.num, args.seed)
    visualizers = [make_visualizer(content, kind) for kind in args.kind]
    threshold = None
    if content['metric']['type'] == 'SegmentationMetric':
        # Its target is the mask, whatever boxes there are.
        rows = [dict(row, boxes=[]) for row in rows]
        threshold = content['metric'].get('threshold')
    tiles, captions = [], []
    for row in rows:
        for visualizer in visualizers:
            tiles.append(draw(row, visualizer, threshold))
            score = scores[visualizer.kind][row['sample_id']]
            first = [f'{name} {score:.2f}']
            if len(visualizers) > 1:
                first.append(visualizer.kind.replace('_', '-'))
            second = [row.get('class_name') or row['sample_id']]
            if 'negative_kind' in row:
                second.append(row['negative_kind'])
            captions.append(f'{"  ".join(first)}\n{"  ".join(second)}')
    columns = math.ceil(args.columns / len(args.kind)) * len(args.kind)
    title = (f'{content["dataset"]["name"]}, {len(rows)} of {content["n"]:,} '
             f'({args.order}), {content["protocol"]["name"]}')
    return contact_sheet(tiles, columns, captions, CELL, title=title)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Choose, draw, write."""
    args = parse_args(argv)
    try:
        content = read_results(args.results)
        write_image(args.out, make_sheet(content, args))
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: {min(args.num, content["n"])} of {content["n"]} '
          f'samples ({args.order}), score and class below each; green: true '
          'source, white: prediction')


if __name__ == '__main__':
    main()
