"""Any test set, with sounds that nothing in the frame makes."""
from collections import defaultdict
from typing import Dict, List, Sequence, Union

import numpy as np
from mmengine.dataset import BaseDataset

from fnac_mm.registry import DATASETS
from .boxes import as_boxes
from .sample_seed import seed_of_sample
from .text_files import shorten

NEGATIVE_KINDS = ('silence', 'noise', 'offscreen')


def draw_offscreen(items: Sequence[dict], seed: int) -> List[str]:
    """An ``audio_path`` for each sample, of a class not in its frame.

    The class is drawn uniformly from the sorted others, then one of its
    sounds uniformly. What a sample gets depends on the seed, its id and the
    sounds there are, not on the order.

    Args:
        items (Sequence[dict]): Samples with ``sample_id``, ``audio_path``,
            ``class_name`` and, where a frame shows several classes,
            ``image_classes``.
        seed (int): Seed of the draws.

    Raises:
        ValueError: If a class is unknown, or there is no other one.
    """
    unknown = [i['sample_id'] for i in items if not i.get('class_name')]
    if unknown:
        raise ValueError(
            "kind='offscreen' needs the class of each sample; it is unknown "
            f'for {len(unknown)} of {len(items)}: {shorten(unknown)}')
    sounds: Dict[str, set] = defaultdict(set)
    for item in items:
        sounds[item['class_name']].add(item['audio_path'])
    files = {name: sorted(sounds[name]) for name in sorted(sounds)}
    drawn = []
    for item in items:
        inside = {item['class_name'], *item.get('image_classes', ())}
        others = [name for name in files if name not in inside]
        if not others:
            raise ValueError(f'{item["sample_id"]!r}: no sound of a class '
                             f'other than {sorted(inside)}')
        rng = np.random.default_rng(
            seed_of_sample(seed, 'offscreen', item['sample_id']))
        choices = files[others[rng.integers(len(others))]]
        drawn.append(choices[rng.integers(len(choices))])
    return drawn


@DATASETS.register_module()
class NegativeAudio(BaseDataset):
    """The frames of a test set, each with a sound from elsewhere.

    Frames, length of the sound, pipeline and ``metainfo`` are those of the
    data set. Each sample is a negative: no box, ``mask_path=None``
    (see :class:`LoadMask`) if there were masks, ``negative_kind`` says which
    one, no ``group``; ``+<kind>`` and, unless it is silence, the seed are
    added to ``sample_id``. Sounds are a function of the seed and the id:
    workers, processes and order play no part.

    Args:
        dataset (dict | BaseDataset): A test set of this package or its
            config, with its pipeline.
        kind (str): ``'silence'`` (zeros), ``'noise'`` (independent normal
            samples, not clipped) or ``'offscreen'`` (another sample's sound,
            of a class that is not in the frame; see :func:`draw_offscreen`).
        seed (int): Seed of noise and draw; published: 1234, 2345, 3456,
            4567, 5678, 6789, 7890, 8901, 9012, 9999. Defaults to 1234.

    Raises:
        ValueError: If the kind is unknown, the data set is one for training
            or holds such negatives already.
    """

    def __init__(self,
                 dataset: Union[dict, BaseDataset],
                 kind: str,
                 seed: int = 1234) -> None:
        if kind not in NEGATIVE_KINDS:
            raise ValueError(
                f'kind must be one of {NEGATIVE_KINDS}, got {kind!r}')
        source = DATASETS.build(dataset) if isinstance(dataset,
                                                       dict) else dataset
        source.full_init()
        if not source.test_mode:
            raise ValueError('NegativeAudio is for tests; give its dataset '
                             'test_mode=True')
        self.kind = kind
        self.seed = seed
        self._items = [source.get_data_info(i) for i in range(len(source))]
        super().__init__(pipeline=[source.pipeline], test_mode=True)
        self._items = []
        self._metainfo.update(source.metainfo)
        self._metainfo.update(
            dataset_name=f'{self._metainfo["dataset_name"]}_{kind}')
        self._metainfo.pop('group_key', None)

    def load_data_list(self) -> List[dict]:
        """Replace the sounds."""
        again = [i['sample_id'] for i in self._items if 'negative_kind' in i]
        if again:
            raise ValueError(f'{len(again)} sample(s) are negatives already: '
                             f'{shorten(again)}')
        sounds = [item['audio_path'] for item in self._items]
        if self.kind == 'offscreen':
            sounds = draw_offscreen(self._items, self.seed)
        return [self._negative(*pair) for pair in zip(self._items, sounds)]

    def _negative(self, item: dict, audio_path: str) -> dict:
        """One sample as a negative."""
        sample_id, kind = item['sample_id'], self.kind
        suffix = '' if kind == 'silence' else str(self.seed)
        negative = dict(
            item,
            sample_id=f'{sample_id}+{kind}{suffix}',
            audio_path=audio_path,
            gt_boxes=as_boxes([]),
            negative_kind=kind)
        if kind != 'offscreen':
            negative['audio_override'] = dict(
                kind=kind, seed=seed_of_sample(self.seed, kind, sample_id))
        if 'mask_path' in item:
            negative['mask_path'] = None
        negative.pop('group', None)
        return negative
