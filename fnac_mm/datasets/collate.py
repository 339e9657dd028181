"""Samples to a batch."""
from typing import Callable, Dict, List, Sequence

import torch
from torch import Tensor
from torch.utils.data import default_collate

from fnac_mm.functional import pcm16_to_float
from fnac_mm.registry import FUNCTIONS


def _require_equal(samples: Sequence[dict], what: str,
                   get: Callable[[dict], object], remedy: str) -> None:
    """Raise ValueError with both ids at the first sample that differs."""
    first = get(samples[0])
    for sample in samples[1:]:
        other = get(sample)
        if other != first:
            ids = [
                s['data_samples'].get('sample_id')
                for s in (samples[0], sample)
            ]
            raise ValueError(f'samples {ids[0]!r} and {ids[1]!r} differ in '
                             f'{what}: {first} and {other}; {remedy}')


def _one_type(waveforms: List[Tensor]) -> List[Tensor]:
    """All int16, or all float32: files of 16 bits stand beside others."""
    if len({w.dtype for w in waveforms}) == 1:
        return waveforms
    return [
        pcm16_to_float(w) if w.dtype == torch.int16 else w for w in waveforms
    ]


@FUNCTIONS.register_module()
def collate_av(samples: List[dict]) -> Dict[str, object]:
    """Stack outputs of :class:`~fnac_mm.datasets.transforms.PackAVInputs`.

    Returns:
        dict: ``inputs`` with ``image`` (B, 3, H, W) and ``waveform`` (B, S),
        and ``data_samples``, a list.

    Raises:
        ValueError: If the pictures differ in size, or the waveforms in rate
            or length; names two samples and the remedy.
    """
    _require_equal(samples, 'picture size (C, H, W)',
                   lambda s: tuple(s['inputs']['image'].shape),
                   'resize or crop them to one size in the pipeline')
    _require_equal(
        samples, 'sound (Hz, samples)', lambda s:
        (s['data_samples'].get('sample_rate'), len(s['inputs']['waveform'])),
        'set sample_rate=16000 in LoadAudio')
    # In a worker default_collate stacks right into shared memory.
    inputs = dict(
        image=default_collate([s['inputs']['image'] for s in samples]),
        waveform=default_collate(
            _one_type([s['inputs']['waveform'] for s in samples])))
    return dict(
        inputs=inputs, data_samples=[s['data_samples'] for s in samples])
