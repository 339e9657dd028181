"""Loss and score over the epochs, from MMEngine's log."""
import json
import warnings
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple, Union

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PathLike = Union[str, Path]
Records = Dict[float, Dict[str, Any]]

# Scores that are drawn: how, and by what name.
_MAP = dict(marker='o')
_GUESS = dict(linestyle='--', color='0.3')
_CAP = dict(linestyle=':', color='0.5')
SCORES: Dict[str, Tuple[Dict[str, Any], str]] = {
    'audio_visual/ciou@0.5': (_MAP, 'audio-visual'),
    'fused/ciou@0.5': (_MAP, 'fused with object map'),
    'centre/ciou@0.5': (_GUESS, 'centre, sees no image'),
    'oracle_cap/ciou@0.5': (_CAP, 'cap of the half-image rule'),
}


def plot_training_curves(scalars: Union[PathLike, Sequence[PathLike]],
                         out_file: PathLike) -> Figure:
    """Draw the loss terms and cIoU@0.5 over the epochs.

    Args:
        scalars (str | Path | Sequence): ``vis_data/scalars.json`` of a run;
            of a run that was resumed, those of all parts in their order: a
            later one replaces what an earlier one says of the same step.
        out_file (str | Path): Picture; the suffix tells the format.

    Returns:
        Figure: What was written, for those who want to change it.

    Raises:
        FileNotFoundError: If a file is absent.
        ValueError: If a line is malformed, or no line tells a loss or score.
    """
    paths = [scalars] if isinstance(scalars, (str, Path)) else list(scalars)
    training, validation = read_scalars(paths)
    if not training and not validation:
        raise ValueError(f'{", ".join(map(str, paths))}: no loss and no '
                         'audio_visual/ciou@0.5 logged')
    figure = Figure(figsize=(7, 7), layout='constrained')
    FigureCanvasAgg(figure)
    loss, score = figure.subplots(2, 1, sharex=True)
    per_epoch = _iterations_per_epoch(training)
    _plot_losses(loss, training, per_epoch)
    _plot_scores(score, validation)
    score.set_xlabel('epoch')
    Path(out_file).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out_file, dpi=110)
    return figure


def read_scalars(paths: Sequence[PathLike]) -> Tuple[Records, Records]:
    """Read the lines of training and of validation, by step.

    A last line that a kill has cut short is left out, with a warning.

    Args:
        paths (Sequence[str | Path]): Files with a json object per line.

    Returns:
        tuple: Training records by iteration, validation records by epoch.

    Raises:
        FileNotFoundError: If a file is absent.
        ValueError: If a line is malformed; names file and line.
    """
    training: Records = {}
    validation: Records = {}
    for path in paths:
        lines = Path(path).read_text(encoding='utf-8').splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                record = json.loads(line)
                step = float(record['step'])
            except (ValueError, TypeError, KeyError) as error:
                if number == len(lines):
                    warnings.warn(
                        f'{path}: the last line is cut short', stacklevel=2)
                    continue
                raise ValueError(f'{path}, line {number}: expected a json '
                                 f'object with a step: {error}') from None
            if 'loss' in record:
                training[step] = record
            elif 'audio_visual/ciou@0.5' in record:
                validation[step] = record
    return training, validation


def _iterations_per_epoch(training: Records) -> float:
    """Iterations of an epoch, from steps and the epochs they are in."""
    # Step s in epoch e means s <= e * iterations, nearly equal at its end.
    return max((step / record.get('epoch', step)
                for step, record in training.items()),
               default=1)


def _plot_losses(axes: Axes, training: Records, per_epoch: float) -> None:
    """The total and its weighted terms."""
    steps = sorted(training)
    names: List[str] = sorted({
        key
        for step in steps
        for key in training[step] if key.startswith('loss')
    })
    for name in names:
        known = [step for step in steps if name in training[step]]
        axes.plot([step / per_epoch for step in known],
                  [training[step][name] for step in known],
                  linewidth=2 if name == 'loss' else 1,
                  color='black' if name == 'loss' else None,
                  label='total' if name == 'loss' else name[len('loss_'):])
    axes.set_ylabel('training loss')
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if names:
        axes.legend()


def _plot_scores(axes: Axes, validation: Records) -> None:
    """Maps and what their score is worth."""
    epochs = sorted(validation)
    for key, (style, label) in SCORES.items():
        known = [epoch for epoch in epochs if key in validation[epoch]]
        if not known:
            continue
        values = [validation[epoch][key] for epoch in known]
        if 'linestyle' in style:
            axes.axhline(values[-1], label=label, **style)
        else:
            axes.plot(known, values, label=label, **style)
    axes.set_ylabel('cIoU@0.5 in %')
    axes.set_ylim(0, 105)
    axes.grid(alpha=0.3)
    if epochs:
        axes.legend(loc='lower right')
