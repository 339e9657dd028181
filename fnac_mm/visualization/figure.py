"""Figures of curves: made without a display, written at once or not at all."""
from pathlib import Path
from typing import Tuple, Union

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fnac_mm.utils import atomic_path

PathLike = Union[str, Path]


def make_figure(size: Tuple[float, float]) -> Figure:
    """Empty figure.

    Args:
        size (tuple[float, float]): Inches, width and height.

    Returns:
        Figure: To be drawn on.
    """
    figure = Figure(figsize=size, layout='constrained')
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, out_file: PathLike) -> Figure:
    """Write a figure; its folder is made.

    Args:
        figure (Figure): Figure.
        out_file (str | Path): Picture; the suffix tells the format.

    Returns:
        Figure: The same.
    """
    with atomic_path(out_file) as draft:
        figure.savefig(draft, dpi=110)
    return figure
