"""Losses, learning rate and scores over the epochs, from MMEngine's log."""
import json
import warnings
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fnac_mm.utils import atomic_path

PathLike = Union[str, Path]
Records = Dict[float, Dict[str, Any]]
Run = Tuple[Records, Records]

# Whose scores are drawn: by what name and how.
PREDICTORS: Dict[str, Dict[str, Any]] = dict(
    audio_visual=dict(label='audio-visual', marker='o'),
    fused=dict(
        label='fused with object map', marker='^', linestyle='-.', color='C1'),
    shuffled_audio=dict(
        label="hears another clip's sound",
        marker='x',
        linestyle=':',
        color='C7'),
    centre=dict(label='centre, sees no image', linestyle='--', color='0.3'),
    oracle_cap=dict(
        label='cap of the half-image rule', linestyle=':', color='0.5'))
BASELINES = ('centre', 'oracle_cap')


def plot_training_curves(scalars: Union[PathLike, Sequence[PathLike],
                                        Mapping[str, Sequence[PathLike]]],
                         out_file: PathLike,
                         metric: str = 'ciou@0.5') -> Figure:
    """Draw losses, learning rate and a score over the epochs.

    Args:
        scalars (str | Path | Sequence | Mapping): ``vis_data/scalars.json``
            of a run; of a run that was resumed, those of all parts in their
            order: a later one replaces what an earlier one says from its
            first step on. Of several runs, such lists by the names to print;
            then only the totals of the losses are drawn.
        out_file (str | Path): Picture; the suffix tells the format.
        metric (str): Score of validation after the kind of map, such as
            ``'auc'`` or ``'miou'``. Defaults to ``'ciou@0.5'``.

    Returns:
        Figure: What was written, for those who want to change it. Its axes
        are losses, score and learning rate.

    Raises:
        FileNotFoundError: If a file is absent.
        ValueError: If a line is malformed, or a run has no line with a loss
            or this score.
    """
    if isinstance(scalars, (str, Path)):
        scalars = [scalars]
    files = scalars if isinstance(scalars, Mapping) else {'': list(scalars)}
    runs = {name: _read_run(paths, metric) for name, paths in files.items()}
    if not runs:
        raise ValueError('no runs given')
    figure = Figure(figsize=(7, 8.5), layout='constrained')
    loss, score, rate = figure.subplots(
        3, 1, sharex=True, height_ratios=[3, 3, 1])
    for index, (name, (training, validation)) in enumerate(runs.items()):
        color = f'C{index % 10}'
        _plot_losses(loss, training, name, color)
        _plot_scores(score, validation, name, color)
        plot_figure(rate, training, 'lr', color=color)
    _plot_baselines(score, runs)
    label = {'ciou@0.5': 'cIoU@0.5', 'miou': 'mIoU'}.get(metric, metric)
    finish(loss, 'training loss')
    finish(score, f'{label} of validation in %')
    finish(rate, 'learning rate')
    loss.set_ylim(bottom=0)
    score.set_ylim(0, 105)
    rate.set_ylim(bottom=0)
    rate.ticklabel_format(axis='y', scilimits=(-2, 2))
    rate.set_xlabel('epoch')
    return save_figure(figure, out_file)


def save_figure(figure: Figure, out_file: PathLike) -> Figure:
    """Write a figure, at once or not at all; its folder is made.

    Raises:
        ValueError: If the suffix is that of no format.
    """
    with atomic_path(out_file) as draft:
        try:
            figure.savefig(draft, dpi=110)
        except ValueError as error:
            raise ValueError(f'{out_file}: {error}') from None
    return figure


def find_logs(work_dir: PathLike) -> List[Path]:
    """Logs of a training, also of one that was resumed, in their order.

    Raises:
        FileNotFoundError: If there is none.
    """
    logs = sorted(Path(work_dir).glob('2*/vis_data/scalars.json'))
    logs = [log for log in logs if log.stat().st_size]
    if not logs:
        raise FileNotFoundError(
            f'{work_dir}: no */vis_data/scalars.json; is this the work dir '
            'of a training with LocalVisBackend?')
    return logs


def read_scalars(paths: Sequence[PathLike],
                 metric: str = 'ciou@0.5') -> Tuple[Records, Records]:
    """Training records by iteration, validation scores by epoch.

    Of the logs of the starts of one run. A last line that a kill has cut
    short is left out, with a warning.

    Raises:
        FileNotFoundError: If a file is absent.
        ValueError: If a line is malformed; names file and line.
    """
    training: Records = {}
    validation: Records = {}
    for path in paths:
        parts: Tuple[Records, Records] = {}, {}
        for step, record in _read_lines(path):
            if 'loss' in record:
                parts[0][step] = record
                continue
            known = _of_metric(record, metric)
            if known:
                parts[1][step] = known
        for whole, part in zip((training, validation), parts):
            # The run went back to a checkpoint: its future was another.
            for step in [s for s in whole if part and s >= min(part)]:
                del whole[step]
            whole.update(part)
    return training, validation


def _read_lines(path: PathLike) -> List[Tuple[float, Dict[str, Any]]]:
    """Step and content of each line."""
    found = []
    lines = Path(path).read_bytes().splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            found.append((float(record['step']), record))
        except (ValueError, TypeError, KeyError, OverflowError,
                RecursionError) as error:
            if number == len(lines):
                warnings.warn(
                    f'{path}: the last line is cut short', stacklevel=2)
                continue
            raise ValueError(f'{path}, line {number}: expected a json '
                             f'object with a step: {error!s:.200}') from None
    return found


def _of_metric(record: Dict[str, Any], metric: str) -> Dict[str, Any]:
    """Scores by kind of map, whatever prefix the metric has."""
    own = f'audio_visual/{metric}'
    keys = [key for key in record if ('/' + key).endswith('/' + own)]
    if not keys:
        return {}
    prefix = min(keys, key=len)[:-len(own)]
    return {
        kind: record[f'{prefix}{kind}/{metric}']
        for kind in PREDICTORS
        if record.get(f'{prefix}{kind}/{metric}') is not None
    }


def _read_run(paths: Sequence[PathLike], metric: str) -> Run:
    """Training and validation of a run; ValueError if it has neither."""
    training, validation = read_scalars(paths, metric)
    if not training and not validation:
        raise ValueError(f'{", ".join(map(str, paths))}: no loss and no '
                         f'audio_visual/{metric} logged')
    return training, validation


def plot_figure(axes: Axes, training: Records, key: str, **style: Any) -> None:
    """Draw an entry of the log over the epochs, where there is one."""
    # Step s in epoch e means s <= e * iterations, nearly equal at its end.
    per_epoch = max((step / record.get('epoch', step)
                     for step, record in training.items()),
                    default=1)
    steps = sorted(s for s, record in training.items() if key in record)
    if steps:
        axes.plot([step / per_epoch for step in steps],
                  [training[step][key] for step in steps], **style)


def finish(axes: Axes, label: str) -> None:
    """Name the axis, with a grid and, if there are names, a legend."""
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize='small')


def _plot_losses(axes: Axes, training: Records, name: str, color: str) -> None:
    """The total and, of a run without a name, its weighted terms."""
    if name:
        plot_figure(
            axes, training, 'loss', linewidth=2, color=color, label=name)
        return
    keys = {k for record in training.values() for k in record}
    for key in sorted(k for k in keys if k.startswith('loss')):
        style: Dict[str, Any] = dict(label=key[len('loss_'):], linewidth=1)
        if key == 'loss':
            style = dict(label='total', linewidth=2, color='black')
        plot_figure(axes, training, key, **style)


def _plot_scores(axes: Axes, validation: Records, name: str,
                 color: str) -> None:
    """The model's maps."""
    for kind, style in PREDICTORS.items():
        known = sorted(e for e, scores in validation.items() if kind in scores)
        if not known or kind in BASELINES:
            continue
        style = dict(dict(color=color), **style)
        if name:
            style.update(color=color, label=f'{name}, {style["label"]}')
        axes.plot(known, [validation[epoch][kind] for epoch in known], **style)


def _plot_baselines(axes: Axes, runs: Mapping[str, Run]) -> None:
    """What a score is worth, once where the runs agree."""
    drawn: Dict[str, List[float]] = {kind: [] for kind in BASELINES}
    for name, (_, validation) in runs.items():
        for kind, values in drawn.items():
            known = [e for e in sorted(validation) if kind in validation[e]]
            value = validation[known[-1]][kind] if known else None
            if value is None or value in values:
                continue
            style = dict(PREDICTORS[kind])
            if values:
                style['label'] += f' ({name})'
            axes.axhline(value, **style)
            values.append(value)
