"""Figures of a training step, for the log."""
import os
import sys
from pathlib import Path
from typing import Any, Dict

import torch
import torch.nn.functional as F
from torch import Tensor

from fnac_mm.functional import (alignment, effective_rank, flat_row_share,
                                uniformity)
from fnac_mm.utils import gather_rows


@torch.no_grad()
def feature_figures(visual: Tensor, audio: Tensor,
                    loss: Any) -> Dict[str, float]:
    """Rank, alignment, uniformity, and FNAC targets that say nothing.

    Waits for the device once.

    Args:
        visual (Tensor): (b, C), means over positions, of this process.
        audio (Tensor): (b, C).
        loss (Any): Module of the loss. ``gather``: whether it contrasts over
            all processes, which all have to call this then; ``options``: its
            ``temperature`` and ``normalize``, if it has such targets.

    Returns:
        dict[str, float]: By name; none of a single row or of features that
        are not finite.
    """
    if getattr(loss, 'gather', False):
        visual, audio = gather_rows(visual), gather_rows(audio)
    if len(audio) < 2 or not (visual.sum() + audio.sum()).isfinite():
        return {}
    found = dict(
        audio_rank=effective_rank(audio),
        visual_rank=effective_rank(visual),
        alignment=alignment(audio, visual),
        audio_uniformity=uniformity(audio),
        visual_uniformity=uniformity(visual))
    options = getattr(loss, 'options', {})
    if 'temperature' in options:
        tau = options['temperature']
        if options.get('normalize'):
            visual = F.normalize(visual, dim=1)
        found.update(
            flat_audio_targets=flat_row_share(audio, audio, tau),
            flat_visual_targets=flat_row_share(visual, visual, tau))
    return dict(zip(found, torch.stack([*found.values()]).tolist()))


def memory_figures() -> Dict[str, float]:
    """What this process holds in memory.

    Returns:
        dict[str, float]: MB, where the system tells: ``memory_now_mb`` and
        ``memory_mb``, the most so far.
    """
    found = {}
    statm = Path('/proc/self/statm')
    if statm.is_file():
        pages = int(statm.read_text().split()[1])
        found['memory_now_mb'] = pages * os.sysconf('SC_PAGE_SIZE') / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return found
    unit = 1 if sys.platform == 'darwin' else 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return dict(found, memory_mb=most * unit / 1e6)
