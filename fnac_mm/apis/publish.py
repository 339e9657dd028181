"""A checkpoint made small and self-contained, for others to infer with."""
import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any, Dict, Optional

import torch
from mmengine.config import Config
from torch import Tensor

from fnac_mm.utils.checkpoint import load_plain_checkpoint
from fnac_mm.utils.files import atomic_path
from fnac_mm.version import __version__
from .checkpoint_config import read_config
from .localization_inferencer import LocalizationInferencer
from .source_location import check_confidence

# Of the training's meta; the rest is of no use to others.
KEPT = ('epoch', 'iter', 'seed', 'embed_dims', 'converted_from')


def _publish_weights(state: Dict[str, Tensor], half: bool,
                     source: str) -> Dict[str, Tensor]:
    """Weights on the CPU, each with storage of its own, all finite."""
    published = {}
    for key, value in state.items():
        value = value.detach().cpu().clone()
        if half and value.is_floating_point():
            value = value.half()
        if not value.isfinite().all():
            raise ValueError(
                f'{source}: {key} holds NaN or infinite values' +
                (' as float16; publish it without --half' if half else ''))
        published[key] = value
    return published


def _needed_config(config: Config, source: str) -> str:
    """What inference asks of a config, as text without calls."""
    try:
        pipeline = config.test_dataloader.dataset.pipeline
        values = dict(
            model=config.model,
            test_dataloader=dict(dataset=dict(pipeline=pipeline)))
    except AttributeError as error:
        raise ValueError(
            f'{source}: the config needs model and '
            f'test_dataloader.dataset.pipeline ({error})') from error
    return Config(values).pretty_text


def read_metrics(path: str) -> Dict[str, float]:
    """Finite numbers, but for times, in the json of ``tools/test.py``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds none.
    """
    try:
        content = json.loads(
            Path(path).read_text(encoding='utf-8'), parse_int=float)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: not a json file ({error!s:.200})') from None
    rows = content.items() if isinstance(content, dict) else ()
    found = {
        key: value
        for key, value in rows
        if isinstance(value, float) and math.isfinite(value) and key not in (
            'time', 'data_time')
    }
    if not found:
        raise ValueError(f'{path}: no numbers; give the json that '
                         'tools/test.py writes into <work_dir>/<time>/')
    return found


def publish(src: str,
            dst: str,
            half: bool = False,
            config: Optional[str] = None,
            metrics: Optional[Dict[str, float]] = None,
            min_confidence: Optional[float] = None) -> Path:
    """Write the published file.

    Args:
        src (str): Checkpoint of a training, or a converted one.
        dst (str): Name of the new one; ``.pth`` is optional.
        half (bool): Round to float16. Defaults to False.
        config (str, optional): Config of a checkpoint that carries none.
        metrics (dict[str, float], optional): Kept in ``meta``.
        min_confidence (float, optional): Kept in ``meta``; the default is
            the one that is there.

    Returns:
        Path: The file, which an inferencer has loaded as a test.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If it can't be used for inference; the message says why.
    """
    checkpoint = load_plain_checkpoint(src)
    if 'state_dict' not in checkpoint:
        raise ValueError(f'{src}: no "state_dict" in this checkpoint; is it '
                         'one of the authors\'? convert_official.py first')
    meta = checkpoint.get('meta', {})
    known = Config.fromfile(config) if config else read_config(checkpoint, src)
    published: Dict[str, Any] = {k: meta[k] for k in KEPT if k in meta}
    published.update(
        cfg=_needed_config(known, config or src), fnac_mm_version=__version__)
    if metrics:
        published['metrics'] = dict(metrics)
    if min_confidence is None:
        min_confidence = meta.get('min_confidence')
    if min_confidence is not None:
        published['min_confidence'] = check_confidence(min_confidence, src)
    weights = _publish_weights(checkpoint['state_dict'], half, src)
    # Into memory: a file's own name would be part of its bytes.
    buffer = io.BytesIO()
    torch.save(dict(meta=published, state_dict=weights), buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    path = Path(f'{dst.removesuffix(".pth")}-{digest[:8]}.pth')
    with atomic_path(path) as draft:
        draft.write_bytes(content)
        LocalizationInferencer(draft, device='cpu', show_progress=False)
    return path
