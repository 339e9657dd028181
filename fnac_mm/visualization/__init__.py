"""Pictures of maps and curves."""
from .curves import plot_training_curves
from .film_strip import draw_film_strip
from .health_curves import plot_health_curves
from .localization_visualizer import LocalizationVisualizer, write_image
from .overlay import contact_sheet, draw_overlay
from .result_sheet import draw_results
from .sample_tile import draw_error, draw_sample
from .success_curves import plot_success_curves

__all__ = [
    'LocalizationVisualizer', 'contact_sheet', 'draw_error', 'draw_film_strip',
    'draw_overlay', 'draw_results', 'draw_sample', 'plot_health_curves',
    'plot_success_curves', 'plot_training_curves', 'write_image'
]
