"""The tables of an evaluation and of all benchmarks."""
from logging import INFO, WARNING

from fnac_mm.evaluation import (LocalizationMetric, benchmark_numbers,
                                format_benchmarks)
from fnac_mm.evaluation.metrics.localization_metric import _caveats

SCORES = ('ciou@0.5', 'mean_ciou', 'auc')
MAPS = ('audio_visual', 'object', 'fused')
BLIND = ('whole_image', 'centre', 'oracle_cap')


def make_metrics(names: tuple) -> dict:
    """0.00, 1.00, 2.00 ... in the order of the table."""
    keys = [f'{name}/{score}' for name in names for score in SCORES]
    return dict(zip(keys, map(float, range(len(keys)))), n=5156, n_listed=5158)


def make_report(names: tuple, protocol: str) -> str:
    metric = LocalizationMetric(protocol)
    metric.dataset_meta = dict(dataset_name='VGG-SS')
    return metric.report(make_metrics(names))


def test_rows_and_columns() -> None:
    lines = make_report(MAPS + BLIND, 'slavc').splitlines()
    assert lines[0] == 'VGG-SS: n = 5,156 of 5,158'
    assert lines[1].startswith('protocol slavc: bicubic')
    assert lines[2].split() == ['cIoU@0.5', 'mean', 'cIoU', 'AUC']
    rows = [line for line in lines[3:] if '---' not in line]
    assert len(rows) == 6
    for index, row in enumerate(rows):
        assert row.split()[-3:] == [f'{3 * index + k}.00' for k in range(3)]
    assert rows[2].startswith('fused (0.9)')
    assert len({len(line) for line in lines[2:]}) == 1


def test_without_object_map() -> None:
    text = make_report(('audio_visual', ) + BLIND, 'vssl_eval')
    assert 'fused' not in text
    assert 'object' not in text
    assert 'threshold 0.5538' in text
    assert 'to which this protocol is not bound' in text


def test_benchmarks_give_each_number_its_own_references() -> None:
    """The adaptive score stands beside what also knows the target's size."""
    names = ('audio_visual', 'centre', 'audio_visual_adaptive',
             'centre_adaptive')
    metric = LocalizationMetric()
    metric.found_intervals = {'audio_visual/auc': [1., 3.]}
    rows = benchmark_numbers('set', metric, make_metrics(names))
    assert [(r['number'], r['value'], r['baselines'])
            for r in rows[2:4]] == [('AUC', 2., dict(centre=5.)),
                                    ('cIoU@0.5 adaptive', 6., dict(centre=9.))]
    table = format_benchmarks(dict(head={}, rows=rows, missing={}), [metric])
    assert ('| set | 5,156 of 5,158 | fnac_test | AUC | 2.00 | 1.00 to 3.00 '
            '| 5.00 |') in table
    assert '| 95 % | centre |' in table


def test_caveats() -> None:
    rows = [dict(sample_id=str(i), empty_target=i < 6) for i in range(9)]
    assert _caveats(rows[6:], dict(n=3, n_listed=3), 3) == []
    notes = _caveats(rows, dict(n=9, n_listed=12), 10)
    assert [level for level, _ in notes] == [INFO, WARNING, WARNING]
    empty, subset, listed = (text for _, text in notes)
    assert empty.startswith('6 samples') and '0, 1, 2, 3, 4, ...' in empty
    assert '9 of the 10' in subset
    assert '9 of 12 listed' in listed
