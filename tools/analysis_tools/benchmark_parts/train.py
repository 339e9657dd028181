"""A training step of the published network: time and memory.

Shape legend: B pairs.
"""
import argparse
import functools
import subprocess
import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import Tensor

import fnac_mm.registry as registry
from fnac_mm.engine.launch import use_amp
from .common import add_times, peak_extra_bytes
from .usual_step import usual_step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this part."""
    parser.add_argument(
        '--versus',
        choices=['plain', 'default'],
        help='plain PyTorch, or ours without any of the switches below')
    parser.add_argument('--config', default='configs/fnac_vggsound.py')
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument(
        '--image-size', type=int, default=224, help='pixels, height = width')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--amp', choices=['fp16', 'bf16'])
    parser.add_argument('--channels-last', action='store_true')
    parser.add_argument('--compile', action='store_true')
    parser.add_argument('--micro-batch', type=int)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument(
        '--neighbours',
        type=int,
        default=0,
        help='time the steps beside so many programs that only count, too; '
        'OMP_WAIT_POLICY=PASSIVE, as tools/train.py sets it, decides')
    parser.add_argument(
        '--repeats', type=int, default=3, help='0 measures memory alone')


def make_batch(args: argparse.Namespace) -> Dict[str, Tensor]:
    """What the loader gives: uint8 pictures and 3 s of sound at 16 kHz."""
    generator = torch.Generator().manual_seed(0)
    size = (args.batch_size, 3, args.image_size, args.image_size)
    image = torch.randint(0, 256, size, dtype=torch.uint8, generator=generator)
    waveform = torch.rand(args.batch_size, 48000, generator=generator) - 0.5
    return dict(image=image, waveform=waveform)


def our_step(args: argparse.Namespace) -> Callable[[], object]:
    """One step as the Runner takes it, weights drawn at random."""
    cfg = Config.fromfile(args.config)
    cfg.model.object_prior = None
    cfg.model.image_encoder.pop('init_cfg', None)
    cfg.model.update(
        channels_last=args.channels_last,
        compile_encoders=args.compile,
        micro_batch_size=args.micro_batch)
    if args.amp:
        use_amp(cfg, args.amp)
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        model = registry.MODELS.build(cfg.model)
        model.to(args.device).train()
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batch = dict(inputs=make_batch(args))
    return functools.partial(model.train_step, batch, wrapper)


def plain_step(args: argparse.Namespace) -> Callable[[], object]:
    """The same step in plain PyTorch, in float32."""
    return usual_step(make_batch(args), args.device)


def default_step(args: argparse.Namespace) -> Callable[[], object]:
    """Our step without the switches that ``args`` sets."""
    off = dict(amp=None, channels_last=False, compile=False, micro_batch=None)
    return our_step(argparse.Namespace(**dict(vars(args), **off)))


STEPS = dict(ours=our_step, plain=plain_step, default=default_step)


def prepare(name: str, args: argparse.Namespace) -> Callable[[], object]:
    """Two steps, ready in a fresh process: with the first come the states."""
    torch.set_num_threads(args.threads)
    step = STEPS[name](args)
    return lambda: (step(), step())


def _device_peak(name: str, args: argparse.Namespace) -> int:
    """Most bytes of the GPU's memory held during two steps."""
    call = prepare(name, args)
    torch.cuda.reset_peak_memory_stats()
    call()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated()


def _timed(step: Callable[[], object], device: str) -> object:
    """A step, the GPU's part of it included."""
    result = step()
    if device != 'cpu':
        torch.cuda.synchronize()
    return result


@contextmanager
def _neighbours(count: int) -> Iterator[None]:
    """Programs that keep the cores busy, and end with this one."""
    code = ('import os; parent = os.getppid()\n'
            'while os.getppid() == parent: sum(range(10000))')
    running = [
        subprocess.Popen([sys.executable, '-c', code]) for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def run(args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Measure ours, and beside it the alternative: a row each."""
    torch.set_num_threads(args.threads)
    names = ['ours', args.versus] if args.versus else ['ours']
    rows: List[Dict[str, Any]] = []
    for name in names:
        peak = peak_extra_bytes(functools.partial(prepare, name, args))[0] \
            if args.device == 'cpu' else _device_peak(name, args)
        rows.append({'step': name, 'peak MB': peak / 1e6})
    if args.repeats:
        calls = {
            name: functools.partial(_timed, STEPS[name](args), args.device)
            for name in names
        }
        add_times(rows, calls, args.repeats)
        if args.neighbours:
            with _neighbours(args.neighbours):
                add_times(rows, calls, args.repeats,
                          f' beside {args.neighbours}')
        for row in rows:
            row['clips/s'] = 1000 * args.batch_size / row['ms']
            if args.neighbours:
                beside = row[f'ms beside {args.neighbours}']
                row['times as long'] = beside / row['ms']
    return rows
