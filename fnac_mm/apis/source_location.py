"""From a map to where the sound is, and whether it is anywhere."""
import json
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from fnac_mm.functional import (Protocol, largest_region_box, normalize_map,
                                placement_confidence, resize_map)
from fnac_mm.visualization.overlay import draw_overlay

NOT_PLACED = 'no source placed'


def enlarge_maps(raw: Tensor,
                 size: Tuple[int, int],
                 protocol: Protocol,
                 objectness: Optional[Tensor] = None) -> Dict[str, np.ndarray]:
    """Maps at the size of a picture.

    Args:
        raw (Tensor): (h, w), cosines.
        size (tuple[int, int]): (H, W) of the picture.
        protocol (Protocol): How maps are enlarged first.
        objectness (Tensor, optional): (h', w'), raw object map.

    Returns:
        dict[str, np.ndarray]: ``audio_visual`` and, if there is an object
        map, ``object`` and ``fused``, (H, W) float32 each.
    """
    large = protocol.maps(raw[None],
                          None if objectness is None else objectness[None])
    return {
        name: resize_map(map[0], size, align_corners=False).float().numpy()
        for name, map in large.items()
    }


def place(raw: Tensor,
          large: np.ndarray,
          threshold: float = 0.5,
          min_confidence: Optional[float] = None) -> Dict[str, Any]:
    """Say where the source is.

    The box is the tight one of the largest connected region in which the
    map, stretched to [0, 1], reaches the threshold.

    Args:
        raw (Tensor): (h, w), cosines.
        large (np.ndarray): (H, W), the map at the size of the picture.
        threshold (float): In (0, 1]. Defaults to 0.5.
        min_confidence (float, optional): Cosine that the map must exceed
            somewhere. Defaults to None: not known.

    Returns:
        dict: ``confidence`` (float), the largest cosine of the enlarged map;
        ``placed`` (bool, or None if ``min_confidence`` is not known);
        ``peak`` (x, y), centre of the largest pixel, as fractions;
        ``box_pixels`` (x0, y0, x1, y1) and ``box``, the same as fractions;
        both None if no source is placed or the map is flat.
    """
    height, width = large.shape
    row, column = divmod(int(large.argmax()), width)
    confidence = float(placement_confidence(raw[None]))
    placed = None if min_confidence is None else confidence > min_confidence
    box = None
    if placed is not False:
        box = largest_region_box(
            normalize_map(torch.from_numpy(large)), threshold)
    return dict(
        confidence=confidence,
        placed=placed,
        peak=((column + 0.5) / width, (row + 0.5) / height),
        box=box
        and tuple(edge / side for edge, side in zip(box, (width, height) * 2)),
        box_pixels=box)


def draw_found(picture: np.ndarray, heat: np.ndarray, found: Dict[str, Any],
               alpha: float, caption: str) -> np.ndarray:
    """Lay a map and its box over a picture, where a source is placed.

    Args:
        picture (np.ndarray): (H, W, 3) uint8 RGB.
        heat (np.ndarray): (H, W) in [0, 1].
        found (dict): Of :func:`place`.
        alpha (float): Opacity of the map.
        caption (str): Written over it; empty for none.

    Returns:
        np.ndarray: (H, W, 3) uint8 RGB.
    """
    if found['placed'] is False:
        return draw_overlay(picture, caption=caption)
    boxes = [found['box']] if found['box'] else []
    return draw_overlay(picture, heat, boxes, caption=caption, alpha=alpha)


def check_confidence(value: Any, where: str) -> Optional[float]:
    """Check a threshold on the confidence.

    Args:
        value (float, optional): Threshold; None is not known.
        where (str): Where it is from, for messages.

    Returns:
        float | None: It.

    Raises:
        ValueError: If it is no cosine.
    """
    if value is None:
        return None
    if type(value) not in (int, float) or not -1 <= value <= 1:
        raise ValueError(f'{where}: min_confidence must be a cosine, in '
                         f'[-1, 1], got {value!r}')
    return float(value)


def read_min_confidence(path: Union[str, Path]) -> float:
    """Threshold that a test on negative sounds has calibrated.

    Args:
        path (str | Path): json of the metrics of a test with
            ``NegativeAudioMetric``, which MMEngine writes into
            ``work_dirs/<name>/<time>/<time>.json``.

    Returns:
        float: Cosine: U of vssl_eval is on ``(cos + 1) / 2``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it does not hold one threshold in [0, 1].
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: not a json file ({error!s:.200})') from None
    parts = [content, content.get('metrics')] \
        if isinstance(content, dict) else []
    found = {
        value if type(value) in (int, float) else str(value)[:80]
        for part in parts if isinstance(part, dict)
        for key, value in part.items() if key.split('/')[-1] == 'threshold'
    }
    if len(found) != 1:
        raise ValueError(
            f'{path}: expected one threshold of '
            "NegativeAudioMetric ('negative_audio/threshold'), "
            f'found {str(sorted(map(str, found)) or "none")[:200]}')
    value = found.pop()
    if isinstance(value, str) or not 0 <= value <= 1:
        raise ValueError(f'{path}: a threshold on (cos + 1) / 2 is in '
                         f'[0, 1], found {value!r:.80}')
    return 2 * float(value) - 1
