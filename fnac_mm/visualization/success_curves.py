"""Share of samples over the IoU that they must reach, of several models."""
from typing import Any, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fnac_mm.functional import success_auc, success_rate
from .curves import PREDICTORS, PathLike, save_figure

Results = Mapping[str, Any]

THRESHOLDS = [0.05 * k for k in range(21)]


def plot_success_curves(results: Mapping[str, Results],
                        out_file: PathLike,
                        kind: str = 'audio_visual') -> Figure:
    """Draw the curves whose area is the AUC, and the baselines' beside them.

    Args:
        results (Mapping[str, dict]): Contents of files of results
            (:func:`fnac_mm.evaluation.read_results`) of the same samples, by
            the names to print.
        out_file (str | Path): Picture; the suffix tells the format.
        kind (str): Kind of map, such as ``'fused'`` or, where the files have
            it, ``'audio_visual_adaptive'``. Defaults to ``'audio_visual'``.

    Returns:
        Figure: What was written, for those who want to change it.

    Raises:
        ValueError: If there are no results, some have no such map or are of
            other samples than the first.
    """
    if not results:
        raise ValueError('no results given')
    first = next(iter(results.values()))
    for name, content in results.items():
        _check(name, content, first, kind)
    figure = Figure(figsize=(7, 5), layout='constrained')
    axes = figure.subplots()
    protocols = {content['protocol']['name'] for content in results.values()}
    for name, content in results.items():
        if len(protocols) > 1:
            name = f'{name} ({content["protocol"]["name"]})'
        _draw(axes, name, content, kind, marker='.', linewidth=1.8)
    end = '_adaptive' if kind.endswith('_adaptive') else ''
    for guide in ('centre', 'oracle_cap'):
        # Of several protocols, each would have guides of its own.
        if len(protocols) == 1 and guide + end in first['results'][0]['ciou']:
            _draw(axes, (guide + end).replace('_', ' '), first, guide + end,
                  **PREDICTORS[guide])
    _finish(axes, first, kind, sorted(protocols))
    return save_figure(figure, out_file)


def _check(name: str, content: Results, first: Results, kind: str) -> None:
    """ValueError unless the file can stand in one plot with the first."""
    if not all(kind in row.get('ciou', {}) for row in content['results']):
        raise ValueError(f'{name}: no {kind} map in this file of results')
    if content['dataset'] != first['dataset']:
        raise ValueError(f'{name}: of data set {content["dataset"]}, the '
                         f'first file of {first["dataset"]}')
    ids = [{row['sample_id']
            for row in each['results']} for each in (content, first)]
    if ids[0] != ids[1]:
        raise ValueError(f'{name}: {len(ids[0] ^ ids[1])} samples are in this '
                         'file or in the first one only; curves of different '
                         "subsets can't be compared")


def _draw(axes: Axes, name: str, content: Results, kind: str,
          **style: Any) -> None:
    """One curve, with its numbers in the legend."""
    cious = [row['ciou'][kind] for row in content['results']]
    rates = [100 * success_rate(cious, t) for t in THRESHOLDS]
    style['label'] = (f'{name}: {100 * success_rate(cious):.2f}, AUC '
                      f'{100 * success_auc(cious):.2f}')
    axes.plot(THRESHOLDS, rates, **style)


def _finish(axes: Axes, content: Results, kind: str,
            protocols: Sequence[str]) -> None:
    """Titles, scales and the mark of the usual threshold."""
    axes.axvline(0.5, color='0.8', linewidth=1, zorder=0)
    axes.set(
        xlim=(0, 1),
        ylim=(0, 100),
        xticks=np.linspace(0, 1, 11),
        xlabel='cIoU to reach',
        ylabel='samples in %')
    axes.set_title(
        f'{content["dataset"]["name"]}, {content["n"]:,} of '
        f'{content["n_listed"]:,}, {kind.replace("_", " ")} map, '
        f'{", ".join(protocols)}',
        fontsize='medium')
    axes.grid(alpha=0.3)
    axes.legend(title='cIoU@0.5 in %')
