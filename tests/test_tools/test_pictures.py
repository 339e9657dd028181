"""Sheets and curves from what training and testing wrote."""
import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from fnac_mm.evaluation import LocalizationMetric, read_results, score_again
from fnac_mm.registry import METRICS
from fnac_mm.structures import AVDataSample
from fnac_mm.visualization import contact_sheet, result_sheet
from fnac_mm.visualization.curves import find_logs
from fnac_mm.visualization.overlay import REGION_COLOR
from tests.test_evaluation.samples import complete_samples
from tools.analysis_tools import analyze_logs, visualize_results

RULE = dict(combine='union', consensus=2)


@pytest.fixture()
def results(tmp_path):
    """Three samples, one without a hit."""
    metric = LocalizationMetric(
        combine='union', out_file=str(tmp_path / 'results.json'))
    for index, box in enumerate([[0, 0, 1, .5], [0, .5, 1, 1], [0, 0, .1,
                                                                .1]]):
        frame = tmp_path / f'{index}.png'
        cv2.imwrite(str(frame), np.full((30, 40, 3), 60 * index, np.uint8))
        sample = AVDataSample(
            metainfo=dict(sample_id=f's{index}', img_path=str(frame)))
        sample.set_gt_boxes([box])
        sample.set_pred_map(torch.tensor([[.9, .8], [.1, .2]]))
        metric.process(None, [sample.to_dict()])
    metric.evaluate(3)
    return tmp_path / 'results.json'


def test_choice_follows_the_score(results) -> None:
    rows = json.loads(results.read_text())['results']
    scores = {row['sample_id']: row['ciou']['audio_visual'] for row in rows}
    pick = result_sheet.choose
    assert [r['sample_id'] for r in pick(rows, scores, 'best', 1, 0)] == ['s0']
    assert pick(rows, scores, 'worst', 1, 0)[0]['sample_id'] == 's1'
    drawn = {r['sample_id'] for r in pick(rows, scores, 'random', 9, 0)}
    assert drawn == {'s0', 's1', 's2'}
    assert pick(rows, scores, 'random', 2, 5) == pick(rows, scores, 'random',
                                                      2, 5)
    lost = dict(scores, s1=float('nan'))
    for order in ('best', 'worst'):
        assert pick(rows, lost, order, 3, 0)[-1]['sample_id'] == 's1'


def test_sheet_holds_the_frames(results, tmp_path) -> None:
    out = tmp_path / 'sheet.png'
    visualize_results.main(
        [str(results), '--out',
         str(out), '--num', '3', '--columns', '2'])
    one = tmp_path / 'one.png'
    visualize_results.main([str(results), '--out', str(one), '--num', '1'])
    assert cv2.imread(str(out)).shape[0] > cv2.imread(str(one)).shape[0]


@pytest.mark.parametrize('name,kinds,score', [
    ('LocalizationMetric', ('audio_visual', 'fused'), 'cIoU'),
    ('ExtendedLocalizationMetric', ('audio_visual', 'fused'), 'cIoU'),
    ('SegmentationMetric', ('audio_visual', 'object'), 'IoU'),
    ('NegativeAudioMetric', ('audio_visual', ), 'peak'),
])
def test_every_metric_with_maps(name, kinds, score, tmp_path,
                                monkeypatch) -> None:
    """Scores are the metric's own and stand below the right tiles."""
    out = tmp_path / 'results.json'
    metric = METRICS.build(dict(type=f'fnac_mm.{name}', out_file=str(out)))
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = dict(dataset_name='x', **RULE)
    frame = tmp_path / 'frame.png'
    cv2.imwrite(str(frame), np.full((30, 40, 3), 60, np.uint8))
    samples = complete_samples(6)
    for sample in samples:
        sample.set_field(str(frame), 'img_path', field_type='metainfo')
        sample.set_pred_map(sample.pred_map.data[0], torch.rand(7, 7))
    evaluator.process(samples, None)
    evaluator.evaluate(len(samples))
    rows = {
        row['sample_id']: row
        for row in score_again(read_results(out)).results
    }
    calls = []
    monkeypatch.setattr(
        result_sheet, 'contact_sheet',
        lambda tiles, columns, captions, *args, **kwargs: calls.append(
            (len(tiles), columns, captions)) or contact_sheet(
                tiles, columns, captions, *args, **kwargs))
    visualize_results.main([
        str(out), '--out',
        str(tmp_path / 'a.png'), '--order', 'best', '--num', '4', '--columns',
        '3', '--kind', *kinds
    ])
    count, columns, captions = calls[0]
    assert count == 4 * len(kinds) and columns % len(kinds) == 0
    found = [float(c.split()[1]) for c in captions[::len(kinds)]]
    expected = sorted((own_score(row) for row in rows.values()), reverse=True)
    assert found == pytest.approx(expected[:4], abs=0.005)
    assert all(c.startswith(f'{score} ') for c in captions)
    if len(kinds) > 1:
        assert kinds[1].replace('_', '-') in captions[1]


def own_score(row: dict) -> float:
    """What the metric keeps of the audio-visual map."""
    if 'peak' in row:
        return row['peak']
    score = row.get('ciou', row.get('scores'))['audio_visual']
    return score if isinstance(score, float) else score[0]


def test_region_is_that_of_the_protocol(results) -> None:
    """An absolute threshold that nothing reaches outlines nothing."""
    row = json.loads(results.read_text())['results'][0]
    for threshold, some in ((0.9, True), (0.99, False)):
        metric = LocalizationMetric(
            dict(name='vssl_eval', threshold=threshold))
        drawn = result_sheet.draw_row(row, metric, {}, 'audio_visual')
        assert (drawn == REGION_COLOR).all(axis=2).any() == some


def test_what_cannot_be_drawn(tmp_path, results) -> None:
    with pytest.raises(SystemExit, match="no score of its fused map"):
        visualize_results.main(
            [str(results), '--out', 'x.png', '--kind', 'fused'])
    (tmp_path / '1.png').unlink()
    with pytest.raises(SystemExit, match='1.png: no such frame; run this in'):
        visualize_results.main([str(results), '--out', 'x.png'])


def test_missing_files_end_with_a_message(results, tmp_path) -> None:
    with pytest.raises(SystemExit, match='nothing.json'):
        visualize_results.main(
            [str(tmp_path / 'nothing.json'), '--out', 'x.png'])
    with pytest.raises(SystemExit, match='scalars.json'):
        analyze_logs.main([str(tmp_path), '--out', 'x.png'])
    with pytest.raises(SystemExit, match='none: no such folder'):
        analyze_logs.main([str(tmp_path / 'none'), '--out', 'x.png'])


def test_logs_of_a_resumed_run_are_put_together(tmp_path) -> None:
    for start, epochs in (('20260101_000000', (1, 2)), ('20260101_000500',
                                                        (3, ))):
        folder = tmp_path / start / 'vis_data'
        folder.mkdir(parents=True)
        lines = []
        for epoch in epochs:
            lines.append(dict(loss=1 / epoch, epoch=epoch, step=epoch * 10))
            lines.append({'audio_visual/ciou@0.5': 10.0, 'step': epoch})
        (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    assert len(find_logs(tmp_path)) == 2
    out = tmp_path / 'curves.png'
    analyze_logs.main([str(tmp_path), '--out', str(out)])
    assert cv2.imread(str(out)) is not None
