"""eval_metric.py: the same numbers from the file, and no others."""
import json
import runpy
from pathlib import Path
from typing import Callable

import pytest

from fnac_mm.evaluation.result_file import content_digest
from fnac_mm.functional import summarize_cious
from ..conftest import run_well
from ..test_evaluation.samples import (FLICKR, evaluate, make_sample,
                                       random_samples)

TOOL = 'tools/analysis_tools/eval_metric.py'


@pytest.fixture()
def main(root: Path) -> Callable[[list], None]:
    """Entry of the tool, called in this process."""
    return runpy.run_path(str(root / TOOL))['main']


@pytest.fixture()
def results(tmp_path: Path) -> Path:
    """File of 37 samples, one of them with maps of another size."""
    path = tmp_path / 'results.json'
    samples = random_samples(36)
    samples.insert(5, make_sample('big', [], [[0.1, 0.3]] * 3, [[1, 2]]))
    meta = dict(FLICKR, n_listed=40, n_found=37)
    metrics = evaluate(samples, meta, batch_size=1, out_file=str(path))
    (tmp_path / 'metrics.json').write_text(json.dumps(metrics))
    return path


def test_same_numbers(results: Path, tmp_path: Path) -> None:
    """Bit for bit, as a user runs it; the new file is the old one."""
    out = tmp_path / 'again.json'
    done = run_well(TOOL, results, '--out', out)
    found = json.loads(done.stdout)
    assert found.pop('protocol') == 'fnac_test'
    assert found == json.loads((tmp_path / 'metrics.json').read_text())
    assert 'flickr: n = 37 of 40' in done.stderr
    assert 'whole image' in done.stderr
    assert out.read_text() == results.read_text()


@pytest.mark.parametrize('protocol', ['lvs', 'slavc', 'vssl_eval'])
def test_other_protocol(results: Path, tmp_path: Path, main: Callable,
                        capsys: pytest.CaptureFixture, protocol: str) -> None:
    """As if the network had run under it, and back again."""
    out, back = tmp_path / 'other.json', tmp_path / 'back.json'
    main([str(results), '--protocol', protocol, '--out', str(out)])
    found = json.loads(capsys.readouterr().out)
    assert found.pop('protocol') == protocol
    assert found == evaluate(
        random_samples(36) +
        [make_sample('big', [], [[0.1, 0.3]] * 3, [[1, 2]])],
        dict(FLICKR, n_listed=40),
        batch_size=1,
        protocol=protocol)
    main([str(out), '--protocol', 'fnac_test', '--out', str(back)])
    assert back.read_text() == results.read_text()


def test_alpha(results: Path, tmp_path: Path, main: Callable) -> None:
    """With all weight on one map, the fusion is that map."""
    out = tmp_path / 'alpha.json'
    main([str(results), '--alpha', '1', '--out', str(out)])
    content = json.loads(out.read_text())
    assert content['protocol']['name'] == 'fnac_test[alpha=1.0]'
    for row in content['results']:
        assert row['ciou']['fused'] == row['ciou']['audio_visual']


def reseal(path: Path, content: dict) -> None:
    """Write what somebody changed who knows of the digests."""
    del content['provenance']
    path.write_text(json.dumps(dict(content, sha256=content_digest(content))))


@pytest.mark.parametrize('protocol', ['fnac_test', 'ez'])
@pytest.mark.parametrize(
    'edited, message', [
        (dict(metrics={'audio_visual/ciou@0.5': 50.}),
         'audio_visual/ciou@0.5 is'),
        (dict(metrics={'adaptive/ciou': 80.}),
         'adaptive/ciou is 80.0, the samples give None'),
        (dict(row=dict(ciou=dict(audio_visual=0.5, object=0.5, fused=0.01))),
         "ciou of '003'"),
        (dict(row=dict(map=[[0.1, 0.2], [0.3, 0.9]])), "ciou of '003'"),
        (dict(row=dict(boxes=[[0., 0., 1., 1.]])), "of '003'"),
    ],
    ids=['metric', 'more', 'ciou', 'map', 'box'])
def test_edited_file_is_refused(results: Path, tmp_path: Path, main: Callable,
                                edited: dict, message: str,
                                protocol: str) -> None:
    content = json.loads(results.read_text())
    content['metrics'].update(edited.get('metrics', {}))
    content['results'][3].update(edited.get('row', {}))
    reseal(results, content)
    out = tmp_path / 'out.json'
    with pytest.raises(SystemExit) as stopped:
        main([str(results), '--protocol', protocol, '--out', str(out)])
    assert 'results.json was changed after the evaluation' in str(
        stopped.value)
    assert message in str(stopped.value)
    assert not out.exists()


def test_another_processor_is_not_an_edit(
        results: Path, main: Callable, capsys: pytest.CaptureFixture) -> None:
    """A pixel of one sample may fall the other way; that is said."""
    content = json.loads(results.read_text())
    for row in content['results']:
        row['ciou']['fused'] += 1e-5
    fused = [row['ciou']['fused'] for row in content['results']]
    content['metrics'].update({
        f'fused/{k}': v
        for k, v in summarize_cious(fused).items()
    })
    reseal(results, content)
    main([str(results)])
    assert 'another processor' in capsys.readouterr().err


def test_bad_input(tmp_path: Path, main: Callable) -> None:
    with pytest.raises(SystemExit, match='absent.json'):
        main([str(tmp_path / 'absent.json')])
    path = tmp_path / 'half.json'
    path.write_text('{"version": 1, "results": [')
    with pytest.raises(SystemExit, match='half.json is not a file of results'):
        main([str(path)])
