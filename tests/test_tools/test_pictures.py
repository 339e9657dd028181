"""Sheets and curves from what training and testing wrote."""
import json

import cv2
import numpy as np
import pytest

from tools.analysis_tools import analyze_logs, visualize_results


@pytest.fixture()
def results(tmp_path):
    """Three samples, one without a hit."""
    import torch

    from fnac_mm.evaluation import LocalizationMetric
    from fnac_mm.structures import AVDataSample
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
    pick = visualize_results.choose
    assert [r['sample_id'] for r in pick(rows, 'best', 1, 0)] == ['s0']
    assert pick(rows, 'worst', 1, 0)[0]['sample_id'] == 's1'
    drawn = {r['sample_id'] for r in pick(rows, 'random', 9, 0)}
    assert drawn == {'s0', 's1', 's2'}
    assert pick(rows, 'random', 2, 5) == pick(rows, 'random', 2, 5)


def test_sheet_holds_the_frames(results, tmp_path) -> None:
    out = tmp_path / 'sheet.png'
    visualize_results.main(
        [str(results), '--out',
         str(out), '--num', '3', '--columns', '2'])
    one = tmp_path / 'one.png'
    visualize_results.main([str(results), '--out', str(one), '--num', '1'])
    assert cv2.imread(str(out)).shape[0] > cv2.imread(str(one)).shape[0]


def test_missing_files_end_with_a_message(results, tmp_path) -> None:
    with pytest.raises(SystemExit, match='nothing.json'):
        visualize_results.main(
            [str(tmp_path / 'nothing.json'), '--out', 'x.png'])
    with pytest.raises(SystemExit, match='scalars.json'):
        analyze_logs.main([str(tmp_path), '--out', 'x.png'])


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
    assert len(analyze_logs.find_logs(str(tmp_path))) == 2
    out = tmp_path / 'curves.png'
    analyze_logs.main([str(tmp_path), '--out', str(out)])
    assert cv2.imread(str(out)) is not None
