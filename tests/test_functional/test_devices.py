"""Every functional works where its tensors are.

A tensor of the device ``meta`` has a shape and no values: a function that
takes it works on any device and moves nothing to the host.
"""
from functools import partial
from typing import Any, Dict

import pytest
import torch
from torch import Tensor

from fnac_mm import functional

# Shape legend of the names: B = 5 samples, C = 8 channels.
VISUAL, AUDIO = (5, 8, 7, 7), (5, 8)
SMALL, LARGE = (5, 7, 7), (5, 224, 224)


def score(name: str, own: Tensor, other: Tensor, target: Tensor) -> Dict:
    """By a preset."""
    return functional.score_maps(
        functional.get_protocol(name), own, other, target)


CASES: Dict[str, Any] = {
    'localization_map': ([VISUAL, AUDIO], SMALL),
    'object_map': ([VISUAL], SMALL),
    'resize_map':
    (lambda map: functional.resize_map(map, 224), [SMALL], LARGE),
    'normalize_map': ([SMALL], SMALL),
    'fuse_maps': ([SMALL, SMALL], SMALL),
    'area_threshold': ([LARGE], (5, )),
    'select_region': ([LARGE], LARGE),
    'consensus_iou': ([LARGE, LARGE], (5, )),
    'region_ciou':
    (lambda map, target: functional.region_ciou(map > 0, target),
     [LARGE, LARGE], (5, )),
    'oracle_ciou': ([LARGE], (5, )),
    'baseline_cious': ([LARGE], (5, )),
    'map_confidence': ([LARGE], (5, )),
    'frame_iou': (lambda map, target: functional.frame_iou(map > 0, target),
                  [LARGE, LARGE], (5, )),
    'active_share':
    (lambda map: functional.active_share(map, 0.5), [LARGE], (5, )),
    'region_overlap':
    (lambda first, second: functional.region_overlap(first > 0, second > 0),
     [LARGE, LARGE], (5, )),
    'placement_confidence': ([SMALL], (5, )),
    'retrieval_ranks': ([(5, 5)], (5, )),
    'effective_rank': ([AUDIO], ()),
    'alignment': ([AUDIO, AUDIO], ()),
    'uniformity': ([AUDIO], ()),
    'flat_row_share': ([AUDIO, AUDIO], ()),
    **{
        f'score_maps {name}': (partial(score, name), [
                                   SMALL, (5, 14, 14), LARGE
                               ], (5, ))
        for name in functional.PROTOCOLS
    },
}


@pytest.mark.parametrize('name', CASES)
def test_no_value_is_looked_at(name: str) -> None:
    *function, shapes, expected = CASES[name]
    call = function[0] if function else getattr(functional, name)
    found = call(*(torch.empty(shape, device='meta') for shape in shapes))
    if isinstance(found, dict):
        found = tuple(found.values())
    for part in found if isinstance(found, tuple) else (found, ):
        assert part.device.type == 'meta'
        assert part.shape == expected
