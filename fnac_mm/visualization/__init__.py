"""Pictures of maps and curves."""
from .curves import plot_training_curves
from .localization_visualizer import LocalizationVisualizer
from .overlay import contact_sheet, draw_overlay

__all__ = [
    'LocalizationVisualizer', 'contact_sheet', 'draw_overlay',
    'plot_training_curves'
]
