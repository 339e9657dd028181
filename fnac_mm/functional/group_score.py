"""Interactive scores of SSL-Alignment: a group is right if all of it is.

The group says what is measured: both objects of a picture of IS3, all sounds
of one of VPO-MS, all five frames of a clip of AVSBench.
"""
from collections import Counter
from typing import Dict, Hashable, Sequence

import numpy as np

from .localization_score import ArrayLike, _as_cious, success_auc, success_rate


def picture_group(sample_id: str) -> str:
    """Key of a sample whose id is ``<picture>_<object or number>``.

    So are those of IS3, VPO-SS, VPO-MS and the frames of AVSBench. Keys are
    to be compared whole: some of IS3 begin with another one.

    Args:
        sample_id (str): Without folder and suffix.

    Returns:
        str: What stands before the last ``_``.

    Raises:
        ValueError: If there is no ``_``, as in Flickr-SoundNet, where groups
            have no meaning.
    """
    group, separator, _ = sample_id.rpartition('_')
    if not separator or not group:
        raise ValueError(f'sample {sample_id!r} has no group: its id is not '
                         'of the form <picture>_<object>')
    return group


def group_cious(cious: ArrayLike, groups: Sequence[Hashable]) -> np.ndarray:
    """Smallest cIoU of each group.

    "All members reach t" is "the smallest reaches t", so any score of these
    is that score of the groups.

    Args:
        cious (Tensor): (n,) cIoU of each sample.
        groups (Sequence): n keys, one for each sample.

    Returns:
        np.ndarray: (number of groups,) float64, in order of appearance.

    Raises:
        ValueError: If there is no sample, a value is not finite, a key is
            None, or there are not as many keys as samples.
    """
    array = _as_cious(cious)
    if len(groups) != len(array):
        raise ValueError(f'{len(array)} cIoUs but {len(groups)} group keys')
    if any(key is None for key in groups):
        raise ValueError(f'sample {list(groups).index(None)} has no group: '
                         'every sample needs a key, its own if it is alone')
    smallest: Dict[Hashable, float] = {}
    for key, value in zip(groups, array.tolist()):
        smallest[key] = min(value, smallest.get(key, value))
    return np.array(list(smallest.values()))


def summarize_groups(cious: ArrayLike,
                     groups: Sequence[Hashable]) -> Dict[str, float]:
    """IIoU and IAUC, in percent.

    Args:
        cious (Tensor): (n,) cIoU of each sample; adaptive ones give the
            published ``_adap`` variants.
        groups (Sequence): n keys. Groups of one count like the others.

    Returns:
        dict[str, float]: ``iiou@0.5``, ``iauc``, ``n_groups`` and
        ``n_single``, the number of groups of one: where all are, these are
        the scores of the samples.

    Raises:
        ValueError: See :func:`group_cious`.
    """
    smallest = group_cious(cious, groups)
    sizes = Counter(groups).values()
    return {
        'iiou@0.5': 100 * success_rate(smallest),
        'iauc': 100 * success_auc(smallest),
        'n_groups': len(smallest),
        'n_single': sum(size == 1 for size in sizes),
    }
