"""Make a checkpoint small and self-contained, for others to infer with.

    python tools/model_converters/publish_model.py SRC DST [--half]

Writes <DST>-<first 8 digits of its SHA-256>.pth: the weights, what the config
says of network and test pipeline, and what is known of the model. Optimiser,
history and paths of the training are left out.
"""
import argparse
import hashlib
import io
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Optional

import torch
from mmengine.config import Config
from torch import Tensor

import fnac_mm
from fnac_mm.apis import LocalizationInferencer, read_min_confidence
from fnac_mm.apis.checkpoint_config import read_config
from fnac_mm.apis.source_location import check_confidence
from fnac_mm.utils import load_plain_checkpoint

# Of the training's meta; the rest is of no use to others.
KEPT = ('epoch', 'iter', 'seed', 'embed_dims', 'converted_from')


def publish_weights(state: Dict[str, Tensor], half: bool,
                    source: str) -> Dict[str, Tensor]:
    """Copy weights, each with storage of its own.

    Args:
        state (dict[str, Tensor]): Weights.
        half (bool): Whether to round floating ones to float16.
        source (str): Their file, for messages.

    Returns:
        dict[str, Tensor]: On the CPU.

    Raises:
        ValueError: If a weight is not finite, or not in float16.
    """
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


def needed_config(config: Config, source: str) -> str:
    """What inference asks of a config, as text without calls.

    Args:
        config (Config): Of the training.
        source (str): Its file, for messages.

    Returns:
        str: ``model`` and the pipeline of ``test_dataloader``.

    Raises:
        ValueError: If the config lacks one of them.
    """
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
    """Numbers that a test wrote.

    Args:
        path (str): json of ``tools/test.py``, in its work folder.

    Returns:
        dict[str, float]: Those that are finite; no times.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds none.
    """
    try:
        content = json.loads(
            Path(path).read_text(encoding='utf-8'), parse_int=float)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: not a json file ({error!s:.200})') from None
    found = {
        key: value
        for key, value in (
            content if isinstance(content, dict) else {}).items()
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
        cfg=needed_config(known, config or src),
        fnac_mm_version=fnac_mm.__version__)
    if metrics:
        published['metrics'] = dict(metrics)
    if min_confidence is None:
        min_confidence = meta.get('min_confidence')
    if min_confidence is not None:
        published['min_confidence'] = check_confidence(min_confidence, src)
    buffer = io.BytesIO()
    # Into memory: a file's own name would be part of its bytes.
    torch.save(
        dict(
            meta=published,
            state_dict=publish_weights(checkpoint['state_dict'], half, src)),
        buffer)
    return _write(buffer.getvalue(), Path(dst))


def _write(content: bytes, dst: Path) -> Path:
    """Write a checkpoint under the name of its digest, if it works."""
    digest = hashlib.sha256(content).hexdigest()
    name = f'{dst.name.removesuffix(".pth")}-{digest[:8]}.pth'
    dst.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=dst.parent) as folder:
        draft = Path(folder, name)
        draft.write_bytes(content)
        LocalizationInferencer(draft, device='cpu', show_progress=False)
        os.replace(draft, dst.parent / name)
    return dst.parent / name


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', help='checkpoint')
    parser.add_argument('dst', help='name of the new one, without the digest')
    parser.add_argument(
        '--half', action='store_true', help='round weights to float16')
    parser.add_argument(
        '--config',
        metavar='F',
        help='config, for a checkpoint that carries none')
    parser.add_argument(
        '--metrics', metavar='JSON', help='scores to keep, of tools/test.py')
    confidence = parser.add_mutually_exclusive_group()
    confidence.add_argument(
        '--min-confidence',
        type=float,
        metavar='COS',
        help='no source is placed where no cosine exceeds this one')
    confidence.add_argument(
        '--threshold-from',
        metavar='JSON',
        help='the same, as calibrated by a test with NegativeAudioMetric')
    return parser.parse_args()


def main() -> None:
    """Publish, print size and digest; bad input ends with a message."""
    args = parse_args()
    try:
        limit = args.min_confidence
        if args.threshold_from:
            limit = read_min_confidence(args.threshold_from)
        metrics = read_metrics(args.metrics) if args.metrics else None
        path = publish(args.src, args.dst, args.half, args.config, metrics,
                       limit)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    content = path.read_bytes()
    print(f'{path}: {len(content):,} bytes')
    print(f'SHA-256 {hashlib.sha256(content).hexdigest()}')


if __name__ == '__main__':
    main()
