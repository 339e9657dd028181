"""Interactive scores: hand-made groups, the definition, published lists."""
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnac_mm.functional import (group_cious, picture_group, summarize_cious,
                                summarize_groups)

QUICK = settings(max_examples=60, deadline=None, database=None)
SCORE = st.sampled_from([k / 20 for k in range(21)]) | st.floats(0, 1)


def test_a_group_is_right_if_all_of_it_is() -> None:
    groups = ['a', 'b', 'a', 'c', 'b']
    found = summarize_groups([0.9, 0.5, 0.49, 1, 0.7], groups)
    assert found['iiou@0.5'] == pytest.approx(200 / 3)
    assert (found['n_groups'], found['n_single']) == (3, 1)
    assert group_cious([0.9, 0.5, 0.49, 1, 0.7],
                       groups).tolist() == [0.49, 0.5, 1]


@given(st.lists(st.tuples(SCORE, st.integers(0, 5)), min_size=1))
@QUICK
def test_equals_the_definition(samples: list) -> None:
    cious, groups = zip(*samples)
    rates = []
    for k in range(21):
        right = [
            all(c >= 0.05 * k for c, g in samples if g == group)
            for group in set(groups)
        ]
        rates.append(sum(right) / len(right))
    found = summarize_groups(cious, groups)
    # Threshold 0.5 is number 10.
    assert found['iiou@0.5'] == pytest.approx(100 * rates[10])
    assert found['iauc'] == pytest.approx(100 * np.trapezoid(rates, dx=0.05))


@given(st.lists(SCORE, min_size=1))
@QUICK
def test_groups_of_one_are_samples(cious: list) -> None:
    found, alone = summarize_groups(cious,
                                    range(len(cious))), summarize_cious(cious)
    assert found['iiou@0.5'] == alone['ciou@0.5']
    assert found['iauc'] == alone['auc']
    assert found['n_single'] == found['n_groups'] == len(cious)


@pytest.mark.parametrize('cious, groups, message', [
    ([], [], 'at least one sample'),
    ([0.5, float('nan')], 'aa', 'NaN'),
    ([0.5, 0.4], 'a', '2 cIoUs but 1 group'),
    ([0.5, 0.4], ['a', None], 'sample 1 has no group'),
])
def test_refusals(cious: list, groups: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        summarize_groups(cious, groups)


def test_keys() -> None:
    assert picture_group('accordion_baby_10467_baby') == 'accordion_baby_10467'
    for name in ('3908875350', '_a', ''):
        with pytest.raises(ValueError, match='no group'):
            picture_group(name)


@pytest.mark.parametrize('name, expected', [
    ('synthetic3240_bbox', {
        2: 3240
    }),
    ('vpo_ss_bbox', {
        1: 890
    }),
    ('vpo_ms_bbox', {
        1: 759,
        2: 623,
        3: 49,
        5: 1
    }),
    ('s4_box', {
        5: 740
    }),
    ('ms3_box', {
        5: 64
    }),
])
def test_published_lists(shared: Path, name: str, expected: dict) -> None:
    """As many groups of each size as the specification counts."""
    path = shared / 'metadata' / 'sslalign' / f'{name}.json'
    entries = json.loads(path.read_text())
    sizes = Counter(picture_group(Path(e['image']).stem) for e in entries)
    assert Counter(sizes.values()) == expected
