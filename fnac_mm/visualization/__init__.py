"""Pictures of maps and curves."""
from .curves import plot_training_curves
from .health_curves import plot_health_curves
from .localization_visualizer import LocalizationVisualizer
from .overlay import contact_sheet, draw_overlay
from .sample_tile import draw_error, draw_sample
from .success_curves import plot_success_curves

__all__ = [
    'LocalizationVisualizer', 'contact_sheet', 'draw_error', 'draw_overlay',
    'draw_sample', 'plot_health_curves', 'plot_success_curves',
    'plot_training_curves'
]
