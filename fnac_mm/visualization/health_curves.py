"""Health of a training over its epochs, from MMEngine's log."""
from typing import Dict, Sequence, Tuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .curves import Records, in_epochs, read_scalars
from .figure import PathLike, make_figure, save_figure

PREFIX = 'health/'
# Panels: their axis, and the figures by the names that they get.
PANELS: Dict[str, Dict[str, str]] = {
    'effective rank':
    dict(audio_rank='audio', visual_rank='visual'),
    'on the sphere':
    dict(
        audio_uniformity='uniformity, audio',
        visual_uniformity='uniformity, visual'),
    'share':
    dict(
        flat_audio_targets='flat targets, audio',
        flat_visual_targets='flat targets, visual',
        loader_share='waiting for data'),
    'gradient norm':
    dict(gradient_norm='gradient norm'),
}


def plot_health_curves(scalars: Sequence[PathLike],
                       out_file: PathLike) -> Figure:
    """Draw what ``TrainingHealthHook`` has logged.

    Args:
        scalars (Sequence[str | Path]): ``vis_data/scalars.json`` of each
            start of a training, in their order.
        out_file (str | Path): Picture; the suffix tells the format.

    Returns:
        Figure: What was written, for those who want to change it.

    Raises:
        FileNotFoundError: If a file is absent.
        ValueError: If a line is malformed, or there is no such figure.
    """
    training, _ = read_scalars(scalars)
    known = {key for record in training.values() for key in record}
    panels = [
        item for item in PANELS.items()
        if any(PREFIX + name in known for name in item[1])
    ]
    if not panels:
        raise ValueError(f'{", ".join(map(str, scalars))}: no {PREFIX}* '
                         'logged; was the training without '
                         'TrainingHealthHook?')
    figure = make_figure((7, 2.2 * len(panels)))
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for each, panel in zip(axes, panels):
        _plot_panel(each, panel, training)
    axes[-1].set_xlabel('epoch')
    return save_figure(figure, out_file)


def _plot_panel(axes: Axes, panel: Tuple[str, Dict[str, str]],
                training: Records) -> None:
    """The figures of one axis."""
    title, names = panel
    for name, label in names.items():
        steps = [s for s in sorted(training) if PREFIX + name in training[s]]
        if steps:
            axes.plot(
                in_epochs(training, steps),
                [training[step][PREFIX + name] for step in steps],
                label=label)
    axes.set_ylabel(title)
    axes.grid(alpha=0.3)
    if len(names) > 1:
        axes.legend()
