"""Predictions for the tests, and an independent way to score them."""
from typing import Dict, List, Optional, Sequence

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator
from torch.nn.functional import normalize

from fnac_mm.functional import boxes_to_target, localization_map
from fnac_mm.structures import AVDataSample

VGGSS = dict(combine='union', consensus=2, dataset_name='vggss')
FLICKR = dict(combine='consensus', consensus=2, dataset_name='flickr')


def make_sample(sample_id: str,
                boxes: list,
                map: object,
                objectness: Optional[object] = None,
                **meta: object) -> AVDataSample:
    """Annotation and prediction of one sample."""
    sample = AVDataSample(metainfo=dict(sample_id=sample_id, **meta))
    sample.set_gt_boxes(boxes)
    if objectness is not None:
        objectness = torch.as_tensor(np.array(objectness))
    return sample.set_pred_map(torch.as_tensor(np.array(map)), objectness)


def random_samples(count: int, seed: int = 0) -> List[AVDataSample]:
    """Samples with 1 to 3 boxes; every second map has many ties."""
    rng = np.random.default_rng(seed)
    samples = []
    for index in range(count):
        corner = rng.uniform(0, 0.6, (rng.integers(1, 4), 2))
        size = rng.uniform(0.1, 0.9, corner.shape)
        boxes = np.concatenate([corner, np.minimum(corner + size, 1)], axis=1)
        maps = rng.uniform(-1, 1, (2, 7, 7)).astype(np.float32)
        if index % 2:
            maps = maps.round(0)
        samples.append(
            make_sample(f'{index:03}', boxes.tolist(), maps[0], abs(maps[1])))
    return samples


def complete_samples(count: int, seed: int = 0) -> List[AVDataSample]:
    """Clips with box, mask, features and a silent negative each.

    Everything but the predictions is the same for every seed; maps are the
    product of the features.
    """
    made = []
    annotated = random_samples(count)
    generator = torch.Generator().manual_seed(seed)
    shape = 2 * count, 4, 7, 7
    visual = normalize(torch.randn(shape, generator=generator), dim=1)
    audio = normalize(torch.randn(shape[:2], generator=generator), dim=1)
    maps = localization_map(visual, audio)
    for index in range(2 * count):
        source = annotated[index // 2]
        boxes = source.gt_boxes
        meta = dict(sample_id=source.sample_id)
        if index % 2:
            boxes = []
            meta = dict(
                sample_id=f'{source.sample_id}+silence',
                negative_kind='silence')
        sample = AVDataSample(metainfo=meta).set_gt_boxes(boxes)
        sample.set_gt_mask(boxes_to_target(boxes) > 0)
        sample.set_pred_map(maps[index])
        made.append(sample.set_features(visual[index], audio[index]))
    return made


def evaluate(samples: List[AVDataSample],
             meta: dict = VGGSS,
             batch_size: int = 4,
             metric: str = 'LocalizationMetric',
             order: Optional[Sequence[int]] = None,
             **kwargs: object) -> Dict[str, float]:
    """Score through a real evaluator, in batches; keys without prefix."""
    order = range(len(samples)) if order is None else order
    evaluator = Evaluator(dict(type=f'fnac_mm.{metric}', **kwargs))
    evaluator.dataset_meta = meta
    for start in range(0, len(order), batch_size):
        batch = [samples[i] for i in order[start:start + batch_size]]
        evaluator.process(batch, None)
    prefix = f'{evaluator.metrics[0].default_prefix}/'
    found = evaluator.evaluate(len(samples))
    return {key.removeprefix(prefix): value for key, value in found.items()}


def evaluate_shard(samples: List[AVDataSample],
                   options: Dict[str, str]) -> Dict[str, float]:
    """This process's part of an evaluation, padded as mmengine pads."""
    order = list(DefaultSampler(samples, shuffle=False))
    return evaluate(samples, batch_size=2, order=order, **options)
