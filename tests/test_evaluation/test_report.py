"""The table of an evaluation."""
from logging import INFO, WARNING

from fnac_mm.evaluation.report import (BASELINES, MAPS, SCORES, format_report,
                                       list_caveats)
from fnac_mm.functional import PROTOCOLS


def make_metrics(kinds: tuple) -> dict:
    """0.00, 1.00, 2.00 ... in the order of the table."""
    keys = [f'{kind}/{score}' for kind in kinds for score in SCORES]
    return dict(zip(keys, map(float, range(len(keys)))), n=5156, n_listed=5158)


def test_rows_and_columns() -> None:
    text = format_report(
        make_metrics(MAPS + BASELINES), PROTOCOLS['slavc'], 'VGG-SS')
    lines = text.splitlines()
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
    text = format_report(
        make_metrics(('audio_visual', ) + BASELINES), PROTOCOLS['vssl_eval'])
    assert 'fused' not in text
    assert 'object' not in text
    assert 'threshold 0.5538' in text
    assert 'to which this protocol is not bound' in text


def test_caveats() -> None:
    rows = [dict(sample_id=str(i), empty_target=i < 6) for i in range(9)]
    assert list_caveats(rows[6:], dict(n=3, n_listed=3), 3) == []
    notes = list_caveats(rows, dict(n=9, n_listed=12), 10)
    assert [level for level, _ in notes] == [INFO, WARNING, WARNING]
    empty, subset, listed = (text for _, text in notes)
    assert empty.startswith('6 samples') and '0, 1, 2, 3, 4, ...' in empty
    assert '9 of the 10' in subset
    assert '9 of 12 listed' in listed
