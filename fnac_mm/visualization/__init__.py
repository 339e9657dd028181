"""Pictures of maps and curves."""
from .curves import plot_training_curves
from .localization_visualizer import LocalizationVisualizer
from .overlay import contact_sheet, draw_overlay
from .success_curves import plot_success_curves

__all__ = [
    'LocalizationVisualizer', 'contact_sheet', 'draw_overlay',
    'plot_success_curves', 'plot_training_curves'
]
