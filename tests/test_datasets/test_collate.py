"""Stacking a batch, or saying which two samples don't fit."""
import pytest
import torch
from torch.utils.data import DataLoader

import fnac_mm  # noqa: F401
from fnac_mm.datasets import collate_av
from fnac_mm.structures import AVDataSample


def packed(name: str,
           size: tuple = (8, 6),
           length: int = 48,
           rate: int = 16) -> dict:
    return dict(
        inputs=dict(
            image=torch.full((3, *size), len(name), dtype=torch.uint8),
            waveform=torch.full((length, ), float(len(name)))),
        data_samples=AVDataSample(
            metainfo=dict(sample_id=name, sample_rate=rate)))


def test_stacks_in_order():
    batch = collate_av([packed('a'), packed('bb'), packed('ccc')])
    assert batch['inputs']['image'].shape == (3, 3, 8, 6)
    assert batch['inputs']['image'].dtype == torch.uint8
    assert batch['inputs']['waveform'].shape == (3, 48)
    assert batch['inputs']['waveform'][:, 0].tolist() == [1, 2, 3]
    assert [s.sample_id for s in batch['data_samples']] == ['a', 'bb', 'ccc']


@pytest.mark.parametrize('other, message', [
    (dict(size=(8, 7)), r"'first' and 'odd' differ in picture.*8, 6.*8, 7"),
    (dict(length=47), "'first' and 'odd' differ in sound.*48.*47"),
    (dict(rate=22050), "'first' and 'odd'.*16.*22050.*sample_rate=16000"),
])
def test_mismatch(other: dict, message: str):
    with pytest.raises(ValueError, match=message):
        collate_av([packed('first'), packed('same'), packed('odd', **other)])


def test_found_by_the_runner_and_works_in_a_worker():
    from mmengine.registry import FUNCTIONS
    assert FUNCTIONS.get('fnac_mm.collate_av') is collate_av
    loader = DataLoader([packed('a'), packed('b')],
                        batch_size=2,
                        num_workers=1,
                        collate_fn=collate_av)
    batch, = loader
    assert batch['inputs']['image'].is_shared()
    assert batch['data_samples'][1].sample_id == 'b'


def test_sound_of_16_bits_stays_so_unless_others_are_beside():
    short = packed('short')
    short['inputs']['waveform'] = torch.tensor(
        [-2**15, 0, 2**15 - 1] * 16, dtype=torch.int16)
    waveform = collate_av([short, short])['inputs']['waveform']
    assert waveform.dtype == torch.int16
    waveform = collate_av([short, packed('a')])['inputs']['waveform']
    assert waveform.dtype == torch.float32
    assert waveform[0, :3].tolist() == [-1, 0, 1]
    assert waveform[1].tolist() == [1] * 48
