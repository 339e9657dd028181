"""Partners of shuffled sounds: properties, and no way out."""
from collections import Counter

import pytest

from fnac_mm.functional import draw_partners


def test_never_its_own_clip_nor_one_of_its_group() -> None:
    """Three sounds of each picture, two samples of each sound."""
    ids = [f's{i}' for i in range(60)]
    clips = [f'c{i // 2}' for i in range(60)]
    groups = [f'g{i // 6}' for i in range(60)]
    group_of = dict(zip(clips, groups))
    drawn = draw_partners(ids, clips, groups)
    for clip, group, partner in zip(clips, groups, drawn):
        assert partner != clip
        assert group_of[partner] != group


def test_depends_on_ids_and_seed_only() -> None:
    ids = [f's{i}' for i in range(30)]
    drawn = dict(zip(ids, draw_partners(ids, ids)))
    again = dict(zip(ids[::-1], draw_partners(ids[::-1], ids[::-1])))
    assert drawn == again
    assert dict(zip(ids, draw_partners(ids, ids, seed=1))) != drawn


def test_other_clips_are_equally_likely() -> None:
    """Of 4,000 draws from 4 others each gets 1,000 +- 5 standard errors."""
    total = 4000
    found = Counter(
        draw_partners([f's{i}', 'x', 'y', 'z', 'w'], list('abcde'))[0]
        for i in range(total))
    assert set(found) == set('bcde')
    for count in found.values():
        assert abs(count - total / 4) < 5 * (total * 3 / 16)**0.5


def test_no_other_clip() -> None:
    assert draw_partners(['a'], ['c']) is None
    assert draw_partners(['a', 'b'], ['c', 'c']) is None
    assert draw_partners(['a', 'b'], ['c', 'd'], ['g', 'g']) is None
    assert draw_partners(['a', 'b'], ['c', 'd']) == ['d', 'c']
    with pytest.raises(ValueError, match='2, 1 and 2'):
        draw_partners(['a', 'b'], ['c'])
