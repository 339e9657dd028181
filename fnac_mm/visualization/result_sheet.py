"""Samples of a result file on one sheet: heat map, region, true source."""
import math
from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from fnac_mm.media.pictures import read_picture
from .localization_visualizer import LocalizationVisualizer, true_source
from .overlay import contact_sheet, draw_overlay, fit

CELL = (224, 224)
Row = Mapping[str, Any]


def choose(rows: Sequence[Row], scores: Mapping[str, float], order: str,
           num: int, seed: int) -> List[Row]:
    """At most so many, ``'random'``, ``'best'`` or ``'worst'``; NaN last."""
    if order == 'random':
        places = np.random.default_rng(seed).permutation(len(rows))
        return [rows[i] for i in places[:num]]
    sign = -1 if order == 'best' else 1

    def rank(row: Row) -> float:
        score = sign * scores[row['sample_id']]
        return math.inf if math.isnan(score) else score

    return sorted(rows, key=rank)[:num]


def draw_row(row: Row, metric: Any, metrics: Mapping[str, float],
             kind: str) -> np.ndarray:
    """Frame of a row with map, region and true source, to fit a cell.

    The metric says what is taken for prediction and target.

    Raises:
        FileNotFoundError: If the frame is not where the test found it.
        ValueError: If the row does not say where its frame is.
    """
    if 'img_path' not in row:
        raise ValueError(f'sample {row["sample_id"]!r}: no img_path in the '
                         'result file; write it again with tools/test.py')
    try:
        frame = read_picture(row['img_path'])
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{row["img_path"]}: no such frame; run this in the folder that '
            'tools/test.py ran in') from None
    protocol, threshold = metric.drawn_region(metrics)
    visualizer = LocalizationVisualizer(kind, protocol=protocol, kind=kind)
    sample = metric.drawn_sample(row)
    parts = visualizer.describe(sample)
    parts.pop('score', None)
    if threshold is not None:
        parts['region'] = parts['map'] > threshold
    return draw_overlay(fit(frame, CELL), **parts, **true_source(sample))


def draw_results(content: Mapping[str, Any],
                 metric: Any,
                 rows: Sequence[Row],
                 kinds: Sequence[str] = ('audio_visual', ),
                 order: str = 'random',
                 num: int = 24,
                 seed: int = 0,
                 columns: int = 8) -> np.ndarray:
    """Choose and draw; the kinds of a sample stand side by side.

    Args:
        content (Mapping): Of a file of results.
        metric (MapMetric): Of the file; its ``sample_score`` is written
            below each map.
        rows (Sequence[Mapping]): Of the file, with scores.
        kinds (Sequence[str]): Kinds of map; the first decides the order.
        order (str): ``'random'``, ``'best'`` or ``'worst'``.
        num (int): Samples.
        seed (int): Of the random choice.
        columns (int): Tiles in a row, at least.

    Returns:
        ndarray: (H, W, 3) RGB uint8.

    Raises:
        ValueError: If the file has no maps, or none of this kind.
        FileNotFoundError: If a frame is not there.
    """
    if 'map' not in rows[0]:
        raise ValueError(f'{content["metric"]["type"]} keeps no maps that '
                         'could be drawn')
    scores: Dict[str, Dict[str, float]] = {
        kind: {
            row['sample_id']: metric.sample_score(row, kind)
            for row in rows
        }
        for kind in kinds
    }
    chosen = choose(rows, scores[kinds[0]], order, num, seed)
    tiles, captions = [], []
    for row in chosen:
        for kind in kinds:
            tiles.append(draw_row(row, metric, content['metrics'], kind))
            score = scores[kind][row['sample_id']]
            first = [f'{metric.score_name} {score:.2f}']
            first += [kind.replace('_', '-')] if len(kinds) > 1 else []
            second = [row.get('class_name') or row['sample_id']]
            second += [row['negative_kind']] if 'negative_kind' in row else []
            captions.append(f'{"  ".join(first)}\n{"  ".join(second)}')
    columns = math.ceil(columns / len(kinds)) * len(kinds)
    title = (f'{content["dataset"]["name"]}, {len(chosen)} of '
             f'{content["n"]:,} ({order}), {content["protocol"]["name"]}')
    return contact_sheet(tiles, columns, captions, CELL, title=title)
