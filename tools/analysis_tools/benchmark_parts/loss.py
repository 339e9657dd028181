"""The loss, forward and backward: time, memory, difference.

Shape legend: B pairs, C channels, (h, w) positions.
"""
import argparse
import functools
from typing import Any, Callable, Dict, List, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from fnac_mm.functional import fnac_losses
from .common import add_times, peak_extra_bytes
from .usual_step import dense_losses, total

LOSSES = dict(ours=fnac_losses, dense=dense_losses)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this part."""
    parser.add_argument('--versus', choices=['dense'])
    parser.add_argument('--batch-size', type=int, default=1024)
    parser.add_argument('--channels', type=int, default=512)
    parser.add_argument('--side', type=int, default=7, help='h = w')
    parser.add_argument(
        '--dtype',
        choices=['float32', 'float64', 'bfloat16'],
        default='float32')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument(
        '--repeats',
        type=int,
        default=5,
        help='0: only the one call whose memory is measured, for large B')


def make_features(args: argparse.Namespace, rows: int) -> List[Tensor]:
    """Random unit (B, C, h, w) and (B, C), not made from larger ones."""
    torch.manual_seed(0)
    dtype = getattr(torch, args.dtype)
    visual = torch.empty(
        rows, args.channels, args.side, args.side, dtype=dtype)
    for part in visual.split(8):
        part.copy_(F.normalize(part.normal_(), dim=1))
    audio = torch.randn(rows, args.channels, dtype=dtype)
    return [x.requires_grad_() for x in (visual, F.normalize(audio, dim=1))]


def backward(loss: Callable, features: Sequence[Tensor]) -> Tensor:
    """Loss, which leaves fresh gradients in the features."""
    for tensor in features:
        tensor.grad = None
    value = total(loss(*features))
    value.backward()
    return value.detach()


def prepare(name: str, args: argparse.Namespace) -> Callable[[], object]:
    """Forward and backward pass, ready to be measured in a fresh process."""
    torch.set_num_threads(args.threads)
    backward(LOSSES[name], make_features(args, 4))  # libraries load
    features = make_features(args, args.batch_size)
    return functools.partial(backward, LOSSES[name], features)


def _gradients(name: str, args: argparse.Namespace,
               dtype: torch.dtype) -> List[Tensor]:
    """Loss and gradients of the features, rounded to their own type."""
    features = [
        x.detach().to(dtype).requires_grad_()
        for x in make_features(args, args.batch_size)
    ]
    loss = backward(LOSSES[name], features)
    return [loss, *(x.grad for x in features)]


def _differences(names: Sequence[str],
                 args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Largest relative difference of loss and gradients, by alternative.

    From the usual way in the same type, and of both from it in float64: it
    is rounded as well.
    """
    own = {
        name: _gradients(name, args, getattr(torch, args.dtype))
        for name in names
    }
    exact = _gradients(names[-1], args, torch.float64)
    references = {names[-1]: own[names[-1]], 'float64': exact}
    return [{
        f'from {reference}':
        max(
            float((a.double() - b).abs().max() / b.abs().max())
            for a, b in zip(own[name], values))
        for reference, values in references.items()
    } for name in names]


def run(args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Measure ours, and beside it the alternative: a row each."""
    torch.set_num_threads(args.threads)
    names = ['ours', args.versus] if args.versus else ['ours']
    each = torch.empty(0, dtype=getattr(torch, args.dtype)).element_size()
    gradients = args.batch_size * args.channels * (args.side**2 + 1) * each
    rows: List[Dict[str, Any]] = []
    for name in names:
        extra, seconds = peak_extra_bytes(
            functools.partial(prepare, name, args))
        rows.append({
            'loss': name,
            'extra MB': extra / 1e6,
            'beyond the gradients': (extra - gradients) / 1e6,
            'first call, s': seconds
        })
    if args.repeats:
        features = make_features(args, args.batch_size)
        calls = {
            name: functools.partial(backward, LOSSES[name], features)
            for name in names
        }
        add_times(rows, calls, args.repeats)
    if args.versus:
        for row, found in zip(rows, _differences(names, args)):
            row.update(found)
    return rows
