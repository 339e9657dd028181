"""What all metrics of maps share: targets, kinds of maps, shuffled sounds."""
from abc import abstractmethod
from dataclasses import asdict
from typing import Any, Dict, List, Optional, Sequence, Tuple

import torch
from torch import Tensor

from fnac_mm.functional import draw_partners, localization_map
from ..protocol import ProtocolLike, build_protocol
from ..report import ADAPTIVE, BASELINES, MAPS, SHUFFLED
from ..sample_rows import describe_sample, row_target, stack_maps
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

    # Entry of a row that is a dict by kind of map.
    column: Optional[str] = None
    # What a file of results keeps of each row.
    file_keys: Tuple[str, ...] = ('sample_id', 'class_name', 'group',
                                  'negative_kind', 'img_path', 'audio_path',
                                  'boxes', 'n_boxes', 'mask', 'map',
                                  'object_map', 'shuffled_map')

    def __init__(self,
                 protocol: ProtocolLike = 'fnac_test',
                 alpha: Optional[float] = None,
                 combine: Optional[str] = None,
                 consensus: Optional[int] = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.protocol = build_protocol(protocol, alpha)
        self.combine = combine
        self.consensus = consensus

    def make_rows(self, samples: Sequence[dict]) -> List[dict]:
        """Rows of some samples.

        Args:
            samples (Sequence[dict]): ``AVDataSample.to_dict()`` of each,
                with ``pred_map`` and ``gt_boxes`` or ``gt_mask``.

        Returns:
            list[dict]: See :func:`describe_sample` and :meth:`score`.

        Raises:
            ValueError: If a sample has no id, annotation or map, or one that
                is not finite, or if maps of a batch differ in size.
        """
        rows = [self.describe(sample) for sample in samples]
        maps = dict(map=stack_maps(samples, 'pred_map'))
        for key in ('object_map', 'shuffled_map'):
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
        """Begin the row of a sample.

        Args:
            sample (dict): ``AVDataSample.to_dict()``.

        Returns:
            dict: See :func:`describe_sample`.
        """
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
        """Score each picture with another clip's sound.

        Args:
            rows (list[dict]): Of this process.
            features (Sequence): See :func:`pair_features`.
        """
        if self.column is None:
            return
        sounds = [
            None if pair is None else
            (row['sample_id'], row.get('audio_path', row['sample_id']),
             row.get('group', row['sample_id']), pair[1])
            for row, pair in zip(rows, features)
        ]
        known = [s for part in self.gather(sounds) for s in part]
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
                name = kind.replace(MAPS[0], SHUFFLED[0])
                row[self.column][name] = value

    def kinds(self, rows: Sequence[dict]) -> List[str]:
        """Kinds of maps that all samples have.

        Args:
            rows (Sequence[dict]): See :meth:`make_rows`.

        Returns:
            list[str]: In the order of the report.

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
        order = MAPS + SHUFFLED + BASELINES + ADAPTIVE
        return [kind for kind in order if kind in first[self.column]]

    def model_kinds(self, rows: Sequence[dict]) -> List[str]:
        """Those of :meth:`kinds` that come from the model.

        Args:
            rows (Sequence[dict]): See :meth:`make_rows`.

        Returns:
            list[str]: In the order of the report.
        """
        blind = BASELINES + tuple(f'{kind}_adaptive' for kind in BASELINES)
        return [kind for kind in self.kinds(rows) if kind not in blind]

    def content(self, rows: List[dict],
                metrics: Dict[str, float]) -> Dict[str, Any]:
        """Parts of the file of results.

        Args:
            rows (list[dict]): Sorted by id.
            metrics (dict[str, float]): See :meth:`aggregate`.

        Returns:
            dict: See :mod:`fnac_mm.evaluation.result_file`.
        """
        kept = [{
            k: row[k]
            for k in self.file_keys if k in row
        } for row in rows]
        content = super().content(kept, metrics)
        content['dataset'].update(self.target_rule())
        return dict(content, protocol=asdict(self.protocol))

    def target_rule(self) -> Dict[str, Any]:
        """How boxes become a target.

        Returns:
            dict: ``combine`` and ``consensus``.

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
        """What the maps are compared with.

        Args:
            rows (Sequence[dict]): See :func:`describe_sample`.

        Returns:
            Tensor: (B, size, size) float32 in [0, 1].
        """
        masked = all('mask' in row for row in rows)
        rule = {} if masked else self.target_rule()
        size = self.protocol.size
        return torch.stack([row_target(row, size, rule) for row in rows])
