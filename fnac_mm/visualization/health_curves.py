"""Health of a training over its epochs, from MMEngine's log."""
from typing import Dict, Sequence

from matplotlib.figure import Figure

from .curves import PathLike, finish, plot_figure, read_scalars, save_figure

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
    panels = {
        title: names
        for title, names in PANELS.items()
        if any(PREFIX + name in known for name in names)
    }
    if not panels:
        raise ValueError(f'{", ".join(map(str, scalars))}: no {PREFIX}* '
                         'logged; was the training without '
                         'TrainingHealthHook?')
    figure = Figure(figsize=(7, 2.2 * len(panels)), layout='constrained')
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for each, (title, names) in zip(axes, panels.items()):
        for name, label in names.items():
            plot_figure(each, training, PREFIX + name, label=label)
        finish(each, title)
    axes[-1].set_xlabel('epoch')
    return save_figure(figure, out_file)
