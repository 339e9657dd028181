"""Every functional works where its tensors are.

A tensor of the device ``meta`` has a shape and no values: what takes it works
on any device and moves nothing to the host.
"""
from typing import Any, Callable

import pytest
import torch

from fnac_mm import functional as f

VISUAL, AUDIO, SMALL = (5, 8, 7, 7), (5, 8), (5, 7, 7)
LARGE, SAMPLES = (5, 224, 224), (5, )


@pytest.mark.parametrize('call, shapes, expected', [
    (f.localization_map, [VISUAL, AUDIO], SMALL),
    (f.object_map, [VISUAL], SMALL),
    (lambda map: f.resize_map(map, 224), [SMALL], LARGE),
    (f.normalize_map, [SMALL], SMALL),
    (f.fuse_maps, [SMALL, SMALL], SMALL),
    (f.area_threshold, [LARGE], SAMPLES),
    (f.select_region, [LARGE], LARGE),
    (f.consensus_iou, [LARGE, LARGE], SAMPLES),
    (lambda a, b: f.region_ciou(a > 0, b), [LARGE, LARGE], SAMPLES),
    (f.oracle_ciou, [LARGE], SAMPLES),
    (f.baseline_cious, [LARGE], SAMPLES),
    (f.map_confidence, [LARGE], SAMPLES),
    (lambda a, b: f.frame_iou(a > 0, b), [LARGE, LARGE], SAMPLES),
    (lambda map: f.active_share(map, 0.5), [LARGE], SAMPLES),
    (f.placement_confidence, [SMALL], SAMPLES),
    (f.effective_rank, [AUDIO], ()),
    (f.uniformity, [AUDIO], ()),
    (f.flat_row_share, [AUDIO, AUDIO], ()),
    *((lambda *maps, p=protocol: f.score_maps(p, *maps),
       [SMALL, (5, 14, 14), LARGE], SAMPLES)
      for protocol in f.PROTOCOLS.values()),
])  # yapf: disable
def test_no_value_is_looked_at(call: Callable[..., Any], shapes: list,
                               expected: tuple) -> None:
    found = call(*(torch.empty(shape, device='meta') for shape in shapes))
    if isinstance(found, dict):
        found = tuple(found.values())
    for part in found if isinstance(found, tuple) else (found, ):
        assert part.device.type == 'meta' and part.shape == expected
