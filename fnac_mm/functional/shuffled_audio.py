"""Does the map listen: which other clip's sound each picture is given."""
import hashlib
from typing import Hashable, List, Optional, Sequence

import numpy as np


def draw_partners(sample_ids: Sequence[str],
                  clips: Sequence[str],
                  groups: Optional[Sequence[Hashable]] = None,
                  seed: int = 0) -> Optional[List[str]]:
    """Draw for each sample a clip that is not its own.

    Uniformly from the other clips, of which none is in the sample's group.
    The draw of a sample depends on the seed, its id and the clips there are,
    not on the order or the number of processes.

    Args:
        sample_ids (Sequence[str]): n ids.
        clips (Sequence[str]): n names of the recordings; samples may share
            one (the frames of a clip).
        groups (Sequence, optional): n keys of what belongs together (the
            sounds of a picture). None (default): nothing does.
        seed (int): Defaults to 0.

    Returns:
        list[str] | None: n names of clips; None if there is a sample for
        which no other clip exists.

    Raises:
        ValueError: If the lists differ in length.
    """
    keys: Sequence[Hashable] = sample_ids if groups is None else groups
    if not len(sample_ids) == len(clips) == len(keys):
        raise ValueError('expected as many clips and groups as samples, got '
                         f'{len(sample_ids)}, {len(clips)} and {len(keys)}')
    names = sorted(set(clips))
    used = set(zip(clips, keys))
    drawn = []
    for sample_id, clip, key in zip(sample_ids, clips, keys):
        digest = hashlib.blake2b(f'{seed}\0shuffled\0{sample_id}'.encode())
        rng = np.random.default_rng(list(digest.digest()))
        order = (names[i] for i in rng.permutation(len(names)))
        partner = next(
            (n for n in order if n != clip and (n, key) not in used), None)
        if partner is None:
            return None
        drawn.append(partner)
    return drawn
