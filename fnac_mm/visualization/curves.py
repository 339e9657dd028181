"""Losses, learning rate and scores over the epochs, from MMEngine's log."""
import json
import warnings
from itertools import cycle
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple, Union

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figure import PathLike, make_figure, save_figure

Records = Dict[float, Dict[str, Any]]
Run = Tuple[Records, Records]

# Whose scores are drawn: how, and by what name.
_MAP, _FUSED = dict(marker='o'), dict(marker='^', linestyle='-.')
_SHUFFLED = dict(marker='x', linestyle=':')
_GUESS = dict(linestyle='--', color='0.3')
_CAP = dict(linestyle=':', color='0.5')
PREDICTORS: Dict[str, Tuple[Dict[str, Any], str]] = {
    'audio_visual': (_MAP, 'audio-visual'),
    'fused': (_FUSED, 'fused with object map'),
    'shuffled_audio': (_SHUFFLED, "hears another clip's sound"),
    'centre': (_GUESS, 'centre, sees no image'),
    'oracle_cap': (_CAP, 'cap of the half-image rule'),
}
_COLORS = [f'C{index}' for index in range(10)]


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
    figure = make_figure((7, 8.5))
    loss, score, rate = figure.subplots(
        3, 1, sharex=True, height_ratios=[3, 3, 1])
    for (name, run), color in zip(runs.items(), cycle(_COLORS)):
        _plot_losses(loss, run[0], name, color)
        _plot_scores(score, run[1], metric, name, color)
        _plot_rate(rate, run[0], color)
    _plot_baselines(score, runs, metric)
    _finish(loss, score, rate, metric)
    return save_figure(figure, out_file)


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
    """Read the lines of training and of validation, by step.

    A last line that a kill has cut short is left out, with a warning.

    Args:
        paths (Sequence[str | Path]): Files with a json object per line, of
            the starts of one run.
        metric (str): What a line of validation holds, see
            :func:`plot_training_curves`.

    Returns:
        tuple: Training records by iteration, validation records by epoch,
        the keys of the latter beginning with the kind of map.

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
    scores = {
        kind: record.get(f'{prefix}{kind}/{metric}')
        for kind in PREDICTORS
    }
    return {k: v for k, v in scores.items() if v is not None}


def _read_run(paths: Sequence[PathLike], metric: str) -> Run:
    """Training and validation of a run; ValueError if it has neither."""
    training, validation = read_scalars(paths, metric)
    if not training and not validation:
        raise ValueError(f'{", ".join(map(str, paths))}: no loss and no '
                         f'audio_visual/{metric} logged')
    return training, validation


def in_epochs(training: Records, steps: Sequence[float]) -> List[float]:
    """Iterations in epochs."""
    # Step s in epoch e means s <= e * iterations, nearly equal at its end.
    per_epoch = max((step / record.get('epoch', step)
                     for step, record in training.items()),
                    default=1)
    return [step / per_epoch for step in steps]


def _plot_losses(axes: Axes, training: Records, name: str, color: str) -> None:
    """The total and, of a run without a name, its weighted terms."""
    keys = ['loss'] if name else sorted({
        k
        for record in training.values()
        for k in record if k.startswith('loss')
    })
    for key in keys if training else ():
        steps = sorted(s for s, record in training.items() if key in record)
        total = key == 'loss'
        label = name or ('total' if total else key[len('loss_'):])
        axes.plot(
            in_epochs(training, steps),
            [training[step][key] for step in steps],
            linewidth=2 if total else 1,
            color=color if name else 'black' if total else None,
            label=label)


def _plot_scores(axes: Axes, validation: Records, metric: str, name: str,
                 color: str) -> None:
    """The model's maps."""
    colors = dict(audio_visual=color, fused='C1', shuffled_audio='C7')
    for kind in colors:
        style, label = PREDICTORS[kind]
        known = sorted(e for e, scores in validation.items() if kind in scores)
        if known:
            axes.plot(
                known, [validation[epoch][kind] for epoch in known],
                color=color if name else colors[kind],
                label=f'{name}, {label}' if name else label,
                **style)


def _plot_baselines(axes: Axes, runs: Mapping[str, Run], metric: str) -> None:
    """What a score is worth, once where the runs agree."""
    drawn: Set[Tuple[str, float]] = set()
    for name, (_, validation) in runs.items():
        for kind in ('centre', 'oracle_cap'):
            values = [
                validation[epoch][kind] for epoch in sorted(validation)
                if kind in validation[epoch]
            ]
            if not values or (kind, values[-1]) in drawn:
                continue
            style, label = PREDICTORS[kind]
            other = any(k == kind for k, _ in drawn)
            axes.axhline(
                values[-1],
                label=f'{label} ({name})' if other else label,
                **style)
            drawn.add((kind, values[-1]))


def _plot_rate(axes: Axes, training: Records, color: str) -> None:
    """Learning rate."""
    steps = sorted(s for s, record in training.items() if 'lr' in record)
    axes.plot(
        in_epochs(training, steps), [training[step]['lr'] for step in steps],
        color=color)


def _finish(loss: Axes, score: Axes, rate: Axes, metric: str) -> None:
    """Names, scales and legends."""
    name = {'ciou@0.5': 'cIoU@0.5', 'miou': 'mIoU'}.get(metric, metric)
    loss.set_ylabel('training loss')
    loss.set_ylim(bottom=0)
    score.set_ylabel(f'{name} of validation in %')
    score.set_ylim(0, 105)
    rate.set_ylabel('learning rate')
    rate.ticklabel_format(axis='y', scilimits=(-2, 2))
    rate.set_ylim(bottom=0)
    rate.set_xlabel('epoch')
    for axes in (loss, score, rate):
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[1]:
            axes.legend(fontsize='small')
