"""Samples that belong together: frames of a video, sounds of an image."""
from collections import Counter
from typing import Mapping, Sequence

from mmengine.logging import MMLogger

from .media_index import shorten


def count_incomplete_groups(name: str, listed: Mapping[str, Mapping],
                            found: Sequence[Mapping[str, str]]) -> int:
    """Count groups of which some members are listed but not found.

    A score of groups takes what is left as the whole: such a group is easier
    than the published one.

    Args:
        name (str): Name of the data set, for the message.
        listed (Mapping[str, dict]): Each listed sample with its ``group``.
        found (Sequence[dict]): Samples found, each with its ``group``.

    Returns:
        int: Number of such groups; logged unless it is 0.
    """
    left = Counter(item['group'] for item in found)
    wanted = Counter(item['group'] for item in listed.values())
    torn = [g for g in sorted(left) if left[g] < wanted[g]]
    if torn:
        MMLogger.get_current_instance().warning(
            f'{name}: {len(torn)} of {len(left)} groups are incomplete, so '
            f'that scores of groups are not comparable: {shorten(torn)}')
    return len(torn)
