"""What a score on an annotation is worth, without any model or image."""
import sys
from typing import Any, Dict, List, Sequence

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from fnac_mm.functional import (Protocol, adaptive_ciou, baseline_cious,
                                boxes_to_target, centre_map, summarize_cious)

# Samples at once; small enough for the caches of a processor.
CHUNK = 16


def score_baselines(boxes: Sequence[Sequence[Sequence[float]]],
                    protocol: Protocol,
                    combine: str = 'union',
                    consensus: int = 2) -> Dict[str, Any]:
    """Scores of the image-blind guesses and the cap.

    Args:
        boxes (Sequence): (N, 4) of each sample, xyxy as fractions.
        protocol (Protocol): Share of the picture and comparison.
        combine (str): See :func:`fnac_mm.functional.boxes_to_target`.
        consensus (int): The same.

    Returns:
        dict: ``n``, ``n_empty_target`` and the scores in percent of
        ``whole_image``, ``centre``, ``oracle_cap`` and ``centre_adaptive``.
    """
    cious: Dict[str, List[float]] = {}
    empty = 0
    centre = centre_map(protocol.size)
    for start in track(
            range(0, len(boxes), CHUNK),
            description='scoring',
            console=Console(stderr=True),
            disable=not sys.stderr.isatty()):
        target = torch.stack([
            boxes_to_target(np.array(many), protocol.size, combine, consensus)
            for many in boxes[start:start + CHUNK]
        ])
        empty += int((target == 0).all(dim=2).all(dim=1).sum())
        found = baseline_cious(target, protocol.area, protocol.compare)
        found['centre_adaptive'] = adaptive_ciou(centre[None], target)
        for name, values in found.items():
            cious.setdefault(name, []).extend(values.tolist())
    scores = {name: summarize_cious(values) for name, values in cious.items()}
    return dict(n=len(boxes), n_empty_target=empty, **scores)
