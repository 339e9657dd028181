"""What all metrics of maps share: targets, predictors, shuffled sounds."""
from abc import abstractmethod
from dataclasses import asdict
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.dist import all_gather_object
from torch import Tensor

from fnac_mm.functional import (Protocol, build_protocol, draw_partners,
                                localization_map)
from fnac_mm.structures import AVDataSample
from ..result_file import check_keys
from ..sample_row import (MAPS, META_KEYS, check_map_row, check_protocol,
                          describe_sample, row_target, row_to_sample,
                          stack_maps)
from .sample_metric import CHUNK, Features, SampleMetric


class MapMetric(SampleMetric):
    """Scores predicted maps; the numbers are percent.

    How boxes become a target (``combine``, ``consensus``) is told by the data
    set through ``dataset_meta``; a sample without boxes but with ``gt_mask``
    has that for a target.

    Where the model returns features, the same pictures are scored with the
    sound of another clip too (kind ``shuffled_audio``): a score that does
    not beat it owes nothing to the sound. The draw is a function of the ids.

    Args:
        protocol (str | dict | Protocol): See :func:`build_protocol`.
            Defaults to ``'fnac_test'``.
        alpha (float, optional): Weight of the audio-visual map in the
            fusion, instead of the protocol's.
        combine (str, optional): ``'union'`` or ``'consensus'``, for a data
            set whose ``metainfo`` doesn't say.
        consensus (int, optional): The same.
        **kwargs: Arguments of :class:`SampleMetric`.

    Raises:
        ValueError: If the protocol is unknown or a value out of range.
    """

    # Entry of a row: the scores of the sample, by predictor.
    column: Optional[str] = None
    # What the score of a sample is called where its map is drawn.
    score_name = 'score'
    row_schema: Mapping[str, Any] = dict(
        sample_id=str,
        **dict.fromkeys(META_KEYS, Optional[str]),
        boxes=list,
        n_boxes=int,
        mask=Optional[dict],
        **dict(dict.fromkeys(MAPS, Optional[list]), map=list))
    predictors: Mapping[str, str] = dict(
        audio_visual='audio-visual',
        object='object',
        fused='fused',
        # The model's map with another clip's sound
        shuffled_audio='shuffled audio',
        whole_image='whole image',
        centre='centre',
        oracle_cap='oracle cap')
    # Those that see nothing but the annotation, and the sound of another.
    blind: Tuple[str, ...] = ('whole_image', 'centre', 'oracle_cap')
    references: Tuple[str, ...] = ('shuffled_audio', *blind)

    def __init__(self,
                 protocol: Union[str, Dict[str, Any], Protocol] = 'fnac_test',
                 alpha: Optional[float] = None,
                 combine: Optional[str] = None,
                 consensus: Optional[int] = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.protocol = build_protocol(protocol, alpha)
        self.combine = combine
        self.consensus = consensus

    @property
    def needs_features(self) -> bool:
        """bool: For the maps of shuffled sounds."""
        return self.column is not None

    @classmethod
    def score_keys(cls) -> Tuple[str, ...]:
        """See the parent."""
        return tuple(k for k in cls.row_schema
                     if k not in MapMetric.row_schema)

    @classmethod
    def check_head(cls, content: Dict[str, Any], path: str) -> None:
        """See the parent: a protocol, and the rule of the target."""
        check_keys(content, dict(protocol=dict), path)
        check_protocol(content['protocol'], f'{path}: protocol')
        check_keys(content['dataset'], dict(combine=str, consensus=int),
                   f'{path}: dataset')

    @classmethod
    def check_row(cls, row: Dict[str, Any], where: str) -> None:
        """See the parent: maps, boxes or a mask."""
        check_map_row(row, where)

    def make_rows(self, samples: Sequence[dict]) -> List[dict]:
        """Rows of some samples.

        Raises:
            ValueError: See :func:`describe_sample` and :func:`stack_maps`.
        """
        rows = [self.describe(sample) for sample in samples]
        maps = dict(map=stack_maps(samples, 'pred_map'))
        for key in MAPS[1:]:
            if any(f'pred_{key}' in sample for sample in samples):
                maps[key] = stack_maps(samples, f'pred_{key}')
        for key, values in maps.items():
            for row, map in zip(rows, values.tolist()):
                row[key] = map
        self.score(rows, maps['map'], maps.get('object_map'))
        if 'shuffled_map' in maps:
            self._score_shuffled(rows, maps['shuffled_map'])
        return rows

    def describe(self, sample: dict) -> Dict[str, Any]:
        """Begin the row of a sample."""
        return describe_sample(sample)

    @abstractmethod
    def score(self,
              rows: List[dict],
              maps: Tensor,
              objects: Optional[Tensor],
              baselines: bool = True) -> None:
        """Add to the rows what is aggregated later.

        Args:
            rows (list[dict]): See :meth:`describe`.
            maps (Tensor): (B, h, w), cosines.
            objects (Tensor, optional): (B, h', w').
            baselines (bool): Whether image-blind guesses are wanted too.
        """

    def finish(self, rows: List[dict],
               features: Sequence[Optional[Features]]) -> None:
        """Score each picture with another clip's sound."""
        if not self.needs_features:
            return
        sounds = [
            None if pair is None else
            (row['sample_id'], row.get('audio_path', row['sample_id']),
             row.get('group', row['sample_id']), pair[1])
            for row, pair in zip(rows, features)
        ]
        known = [s for part in all_gather_object(sounds) for s in part]
        if not known or None in known:
            return
        ids, clips, groups, audios = zip(*sorted(known, key=lambda s: s[0]))
        drawn = draw_partners(ids, clips, groups)
        if drawn is None:
            return
        # Of samples that share a recording the first stands for it.
        audio_of = dict(zip(reversed(clips), reversed(audios)))
        partner_of = {i: audio_of[clip] for i, clip in zip(ids, drawn)}
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start:start + CHUNK]
            pairs = [(pair[0], partner_of[row['sample_id']])
                     for row, pair in zip(chunk, features[start:]) if pair]
            visual, audio = (torch.stack(part) for part in zip(*pairs))
            # In float64, then rounded: not by who else is in the chunk.
            maps = localization_map(visual.double(), audio.double()).float()
            for row, map in zip(chunk, maps):
                row['shuffled_map'] = map.tolist()
            self._score_shuffled(chunk, maps)

    def _score_shuffled(self, rows: List[dict], maps: Tensor) -> None:
        """Add the scores of maps made with other sounds."""
        if self.column is None:
            return
        twins = [dict(row) for row in rows]
        self.score(twins, maps, None, baselines=False)
        for row, twin in zip(rows, twins):
            for kind, value in twin[self.column].items():
                name = kind.replace('audio_visual', 'shuffled_audio')
                row[self.column][name] = value

    def scored(self, rows: Sequence[dict]) -> List[str]:
        """Predictors of which all samples have a score, in their order.

        Raises:
            ValueError: If a sample has others than the first.
        """
        first = rows[0]
        for row in rows:
            if set(row[self.column]) != set(first[self.column]):
                raise ValueError(
                    'only some samples have an object map or features: '
                    f'compare {row["sample_id"]!r} with '
                    f'{first["sample_id"]!r}')
        return [name for name in self.predictors if name in first[self.column]]

    def columns_of(self, rows: Sequence[dict], predictor: str) -> List[Any]:
        """Each score of a predictor, of all samples."""
        return [
            np.array(column)
            for column in zip(*(row[self.column][predictor] for row in rows))
        ]

    def of_model(self, rows: Sequence[dict]) -> List[str]:
        """Those of :meth:`scored` that come from the model."""
        return [name for name in self.scored(rows) if name not in self.blind]

    def sample_score(self, row: Mapping[str, Any], predictor: str) -> float:
        """What is written below the map of a sample: its first score.

        Raises:
            ValueError: If there is none.
        """
        known = row.get(self.column or '', {})
        if predictor not in known:
            raise ValueError(f'sample {row["sample_id"]!r} has no score of '
                             f'its {predictor} map; scored are '
                             f'{", ".join(known)}')
        score = known[predictor]
        return float(score[0] if isinstance(score, (tuple, list)) else score)

    def drawn_sample(self, row: Mapping[str, Any]) -> AVDataSample:
        """A sample with the annotation that its map is compared with."""
        return row_to_sample(row)

    def drawn_region(
            self, metrics: Mapping[str,
                                   float]) -> Tuple[Protocol, Optional[float]]:
        """What is taken for the prediction where a map is drawn.

        The protocol and, if it is not the protocol's, the threshold of the
        normalised map.
        """
        return self.protocol, None

    def table(self, metrics: Mapping[str, float],
              predictors: Mapping[str, str]) -> List[str]:
        """See the parent; the fused map with its weight."""
        fused = self.predictors.get('fused')
        return super().table(
            metrics, {
                k: f'{v} ({self.protocol.alpha:g})' if v == fused else v
                for k, v in predictors.items()
            })

    def content(self, rows: List[dict],
                metrics: Dict[str, float]) -> Dict[str, Any]:
        """Parts of the file of results."""
        content = super().content(rows, metrics)
        content['dataset'].update(self.target_rule())
        return dict(content, protocol=asdict(self.protocol))

    def target_rule(self) -> Dict[str, Any]:
        """``combine`` and ``consensus``, by which boxes become a target.

        Raises:
            ValueError: If nobody says.
        """
        combine = self.combine or self.meta('combine', None)
        if combine is None:
            raise ValueError(
                f"{type(self).__name__} doesn't know how to combine boxes: "
                "the data set's metainfo has no 'combine'. Give "
                "combine='union' (VGG-SS) or combine='consensus', "
                'consensus=2 (Flickr) to the metric')
        consensus = self.consensus or self.meta('consensus', 2)
        return dict(combine=combine, consensus=consensus)

    def targets(self, rows: Sequence[dict]) -> Tensor:
        """What the maps are compared with, (B, size, size) in [0, 1]."""
        masked = all('mask' in row for row in rows)
        rule = {} if masked else self.target_rule()
        size = self.protocol.size
        return torch.stack([row_target(row, size, rule) for row in rows])
