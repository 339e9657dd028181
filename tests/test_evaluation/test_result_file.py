"""The file of results: round trip and refusals."""
import copy
import json
from pathlib import Path
from typing import Callable

import pytest

from fnac_mm.evaluation import read_results, write_results
from fnac_mm.evaluation.result_file import ask_for_results
from .samples import FLICKR, evaluate, random_samples


@pytest.fixture(scope='module')
def content(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the metric writes for three samples."""
    path = tmp_path_factory.mktemp('results') / 'new' / 'out.json'
    meta = dict(FLICKR, n_listed=4, n_found=3)
    metrics = evaluate(random_samples(3)[::-1], meta, out_file=str(path))
    content = read_results(path)
    assert content['metrics'] == metrics
    assert [p.name for p in path.parent.iterdir()] == ['out.json']
    return content


def test_content(content: dict) -> None:
    assert content['version'] == 1
    assert content['protocol']['name'] == 'fnac_test'
    assert content['protocol']['alpha'] == 0.4
    assert content['dataset'] == dict(
        name='flickr', combine='consensus', consensus=2)
    assert (content['n'], content['n_listed']) == (3, 4)
    samples = random_samples(3)
    for row, sample in zip(content['results'], samples):
        assert row['sample_id'] == sample.sample_id
        assert row['boxes'] == sample.gt_boxes.tolist()
        assert row['n_boxes'] == len(row['boxes'])
        assert row['map'] == sample.pred_map.data[0].tolist()
        assert row['object_map'] == sample.pred_object_map.data[0].tolist()
        assert not row['empty_target']
        assert set(row['ciou']) == {
            'audio_visual', 'object', 'fused', 'whole_image', 'centre',
            'oracle_cap'
        }


def test_round_trip(content: dict, tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    parts = {k: v for k, v in content.items() if k != 'version'}
    write_results(path, parts)
    assert read_results(path) == content
    # One sample per line, so that two files can be compared line by line.
    assert len(path.read_text().splitlines()) == 5
    with pytest.raises(ValueError):
        write_results(path, dict(parts, n_listed=float('nan')))
    assert read_results(path) == content


def test_each_metric_with_rows_gets_a_file() -> None:
    other = dict(type='mmengine.DumpResults', out_file_path='x.pkl')
    metrics = [
        other,
        dict(type='LocalizationMetric'),
        dict(type='fnac_mm.RetrievalMetric')
    ]
    ask_for_results(metrics, 'a/out.json')
    assert [metric.get('out_file') for metric in metrics
            ] == [None, 'a/out.json', 'a/out_retrieval.json']
    with pytest.raises(ValueError, match='--out a.json: no metric of'):
        ask_for_results(other, 'a.json')


def drop(*keys: object) -> Callable[[dict], None]:
    """Edit that removes an entry."""

    def edit(content: dict) -> None:
        for key in keys[:-1]:
            content = content[key]
        del content[keys[-1]]

    return edit


def put(value: object, *keys: object) -> Callable[[dict], None]:
    """Edit that sets an entry."""

    def edit(content: dict) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return edit


@pytest.mark.parametrize('edit,message', [
    (put(2, 'version'), 'expected version 1.*found 2'),
    (drop('version'), 'expected version 1.*found None'),
    (drop('metrics'), "'metrics' is missing"),
    (put('x', 'results'), "'results' should be a list"),
    (put([], 'results'), 'no results'),
    (put(4, 'n'), 'n is 4, but there are 3'),
    (drop('protocol', 'alpha'), "protocol: 'alpha' is missing"),
    (drop('protocol', 'threshold'), "protocol: 'threshold' is missing"),
    (put('1', 'protocol', 'alpha'), "protocol: 'alpha' should be a float"),
    (put(1, 'protocol', 'colour'), 'unknown field colour'),
    (drop('dataset', 'combine'), "dataset: 'combine' is missing"),
    (put('000', 'results', 2, 'sample_id'), 'more than once: 000'),
    (drop('results', 1, 'map'), "result 1: 'map' is missing"),
    (put([], 'results', 1), 'result 1: expected an object'),
    (put([[1, 2], [3]], 'results', 1, 'map'), "'001': map: not an array"),
    (put([1, 2], 'results', 1, 'map'), "'001': map: unexpected shape"),
    (put([[0.1, 0.2]], 'results', 0, 'boxes'), "'000': boxes: unexpected"),
    (put('a', 'results', 0, 'ciou', 'fused'), "'000': ciou: not an array"),
    (put(None, 'results', 0, 'map', 0, 0), "'000': map: a number is not"),
])
def test_malformed(content: dict, tmp_path: Path, edit: Callable,
                   message: str) -> None:
    content = copy.deepcopy(content)
    edit(content)
    path = tmp_path / 'bad.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'bad.json.*{message}'):
        read_results(path)


@pytest.mark.parametrize('text,message', [
    ('', 'not a file of results'),
    ('{"version": 1', 'not a file of results'),
    ('[1]', 'expected version 1'),
    ('{"version": NaN}', 'it holds NaN'),
    ('[' * 100000, 'not a file of results'),
])
def test_not_json(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'bad.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=f'bad.json.*{message}'):
        read_results(path)
    with pytest.raises(FileNotFoundError, match='absent.json'):
        read_results(tmp_path / 'absent.json')


def test_number_out_of_range(content: dict, tmp_path: Path) -> None:
    """1e999 is proper json, and infinity in Python."""
    text = json.dumps(put_marker(content)).replace('"MARK"', '1e999')
    path = tmp_path / 'bad.json'
    path.write_text(text)
    with pytest.raises(ValueError, match="'000': map: a number is not finite"):
        read_results(path)


def put_marker(content: dict) -> dict:
    """Copy with a text in place of the first number of the first map."""
    content = copy.deepcopy(content)
    content['results'][0]['map'][0][0] = 'MARK'
    return content
