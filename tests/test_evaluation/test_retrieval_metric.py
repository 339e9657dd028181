"""RetrievalMetric: the definition by sorting, processes, refusals."""
from functools import partial

import numpy as np
import pytest
import torch

from fnac_mm.registry import METRICS
from fnac_mm.structures import AVDataSample
from .samples import complete_samples
from .samples import evaluate as evaluate_metric

evaluate = partial(evaluate_metric, metric='RetrievalMetric')


@pytest.mark.parametrize('kind', ['max', 'pooled'])
def test_equals_sorting(kind: str) -> None:
    samples = complete_samples(20)
    metrics = evaluate(samples, kind=kind, ks=(1, 5))
    pairs = [s for s in samples if 'negative_kind' not in s]
    visual = torch.stack([s.visual_feature for s in pairs]).double()
    if kind == 'pooled':
        visual = visual.mean(dim=(2, 3), keepdim=True)
        visual = visual / visual.norm(dim=1, keepdim=True)
    audio = torch.stack([s.audio_feature for s in pairs]).double()
    matrix = torch.einsum('nchw,mc->nmhw', visual, audio).amax((2, 3)).numpy()
    for name, rows in dict(
            image_to_audio=matrix, audio_to_image=matrix.T).items():
        for k in (1, 5):
            first = np.argsort(-rows, axis=1, kind='stable')[:, :k]
            hits = np.mean([i in first[i] for i in range(20)])
            key = f'{name}/recall@{k}'
            assert metrics[key] == pytest.approx(100 * hits)
    assert metrics['chance/recall@5'] == 25
    assert metrics['n'] == 20


def test_bad_input() -> None:
    bare = AVDataSample(metainfo=dict(sample_id='x'))
    with pytest.raises(ValueError, match="'x' needs.*return_features=True"):
        evaluate([bare])
    sample = complete_samples(1)[0]
    sample.visual_feature[0, 0, 0] = float('nan')
    with pytest.raises(ValueError, match="'000': its features hold NaN"):
        evaluate([sample])
    with pytest.raises(ValueError, match='more than once'):
        evaluate(complete_samples(2)[:1] * 2)
    for wrong in (dict(kind='mean'), dict(ks=(0, )), dict(ks=())):
        with pytest.raises(ValueError, match='kind must be'):
            METRICS.build(dict(type='fnac_mm.RetrievalMetric', **wrong))
