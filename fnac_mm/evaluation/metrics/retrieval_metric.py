"""Which sound belongs to which picture: recall at k, both ways."""
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.dist import all_gather_object
from torch import Tensor

from fnac_mm.functional import (SampleStatistic, partial_ranks, recall_at,
                                retrieval_similarity)
from fnac_mm.functional.retrieval_score import KINDS
from fnac_mm.registry import METRICS
from .sample_metric import Features, SampleMetric, pair_features

# The rank of each partner, by what is asked.
WAYS = dict(to_audio='image_to_audio', to_image='audio_to_image')


@METRICS.register_module()
class RetrievalMetric(SampleMetric):
    """Recall at k among all pairs of a test set, in percent.

    Keys, after ``retrieval/``, are ``image_to_audio/recall@k``,
    ``audio_to_image/recall@k``, what guessing gets, ``chance/recall@k`` =
    k / n, ``n`` and ``n_listed``. A picture's only right sound is its own,
    also where another clip shows the same. Of equal similarities the lower
    id comes first. The model must return features.

    Args:
        ks (Sequence[int]): Defaults to 1, 5 and 10.
        kind (str): ``'max'`` or ``'pooled'``; see
            :func:`fnac_mm.functional.retrieval_similarity`.
        negatives (Sequence[str]): See :class:`SampleMetric`. Defaults to ():
            a sound from elsewhere belongs to no picture.
        **kwargs: Other arguments of :class:`SampleMetric`.

    Raises:
        ValueError: If the kind is unknown or a k is less than 1.
    """

    default_prefix = 'retrieval'
    row_schema = dict(sample_id=str, to_audio=int, to_image=int)
    predictors = dict(
        image_to_audio='image to audio',
        audio_to_image='audio to image',
        chance='chance')
    own = dict(
        image_to_audio=' image to audio', audio_to_image=' audio to image')

    @property
    def needs_features(self) -> bool:
        """bool: Of all samples, which are compared with each other."""
        return True

    def __init__(self,
                 ks: Sequence[int] = (1, 5, 10),
                 kind: str = 'max',
                 negatives: Sequence[str] = (),
                 **kwargs: Any) -> None:
        super().__init__(negatives=negatives, **kwargs)
        if kind not in KINDS or not ks or min(ks) < 1:
            raise ValueError(f'kind must be one of {KINDS} and each k at '
                             f'least 1, got {kind!r} and {list(ks)}')
        self.ks = list(ks)
        self.kind = kind
        self.columns = {f'recall@{k}': f'recall@{k}' for k in self.ks}

    def make_rows(self, samples: Sequence[dict]) -> List[dict]:
        """Ids of some samples; their features are kept beside.

        Raises:
            ValueError: If a sample has no id or no finite features.
        """
        for sample in samples:
            features = pair_features(sample)
            if 'sample_id' not in sample or features is None:
                raise ValueError(
                    f'sample {sample.get("sample_id")!r} needs an id, '
                    'visual_feature and audio_feature; set return_features='
                    'True of the model')
            if not all(torch.isfinite(part).all() for part in features):
                raise ValueError(f'sample {sample["sample_id"]!r}: its '
                                 'features hold NaN or infinity')
        return [dict(sample_id=str(sample['sample_id'])) for sample in samples]

    def finish(self, rows: List[dict],
               features: Sequence[Optional[Features]]) -> None:
        """Add the place of each partner; every process has its pictures."""
        if rows and 'to_audio' in rows[0]:
            return
        sounds = [(row['sample_id'], pair[1])
                  for row, pair in zip(rows, features) if pair]
        known = sorted((s for part in all_gather_object(sounds) for s in part),
                       key=lambda s: s[0])
        place = {sample_id: i for i, (sample_id, _) in enumerate(known)}
        columns = torch.tensor([place[row['sample_id']] for row in rows],
                               dtype=torch.long)
        similarity = self._similarity([p[0] for p in features if p],
                                      [audio for _, audio in known])
        mine = zip(columns.tolist(),
                   similarity.gather(1, columns[:, None])[:, 0].tolist())
        own = torch.empty(len(known), dtype=similarity.dtype)
        for part in all_gather_object(list(mine)):
            for index, value in part:
                own[index] = value
        to_audio, counts = partial_ranks(similarity, columns, own)
        to_image = sum(all_gather_object(counts))
        for row, index, rank in zip(rows, columns.tolist(), to_audio.tolist()):
            row.update(to_audio=rank, to_image=int(to_image[index]))

    def _similarity(self, visual: List[Tensor], audio: List[Tensor]) -> Tensor:
        """(n, N) float32 of this process's pictures and all sounds.

        In float64, then rounded: equal features must tie, whatever the
        number of rows that a processor multiplies at once.
        """
        if not visual:
            return torch.empty(0, len(audio))
        return retrieval_similarity(
            torch.stack(visual).double(),
            torch.stack(audio).double(), self.kind).float()

    def aggregate(self, rows: List[dict]) -> Dict[str, float]:
        """See the parent."""
        metrics: Dict[str, float] = {}
        for key, way in WAYS.items():
            ranks = torch.tensor([row[key] for row in rows])
            for k in self.ks:
                metrics[f'{way}/recall@{k}'] = 100 * recall_at(ranks, k)
        for k in self.ks:
            metrics[f'chance/recall@{k}'] = 100 * min(k / len(rows), 1)
        return metrics

    def statistics(self, rows: List[dict]) -> Dict[str, SampleStatistic]:
        """See the parent; pairs are drawn, what they compete with stays."""
        found: Dict[str, SampleStatistic] = {}
        for key, way in WAYS.items():
            ranks = np.array([row[key] for row in rows])
            for k in self.ks:
                hits: Tuple[np.ndarray, ...] = (100. * (ranks < k), )
                found[f'{way}/recall@{k}'] = SampleStatistic(hits)
        return found

    def head(self, metrics: Mapping[str, float]) -> List[str]:
        """See the parent."""
        return [
            *super().head(metrics), f'retrieval by the {self.kind} similarity'
        ]

    def options(self) -> Dict[str, Any]:
        """See the parent."""
        return dict(ks=self.ks, kind=self.kind)
