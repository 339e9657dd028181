"""trivial_baselines.py: published annotation, hand-made ones, bad ones."""
import json
import runpy
from pathlib import Path
from typing import Any, Callable, Dict, Optional

import pytest

from ..conftest import run_python, run_well

TOOL = 'tools/analysis_tools/trivial_baselines.py'
NAMES = ('whole_image', 'centre', 'oracle_cap', 'centre_adaptive')
KEYS = ('ciou@0.5', 'mean_ciou', 'auc')
VGGSS = 'fnac/vggss.json'
# Format, annotation, list, number and KEYS of each of NAMES, from the
# benchmark specification.
PUBLISHED = [
    ('vggss', VGGSS, 'vggss_test.csv', 5158, '21.95/31.24/31.25 '
     '34.02/37.46/37.44 50.54/49.50/49.47 43.66/42.69/42.92'),
    ('vggss', VGGSS, 'vggss_heard_test.csv', 2564, '20.09/29.96/29.93 '
     '32.14/36.57/36.51 48.36/48.25/48.20 41.97/41.74/42.00'),
    ('vggss', VGGSS, 'vggss_unheard_test.csv', 2575, '23.61/32.38/32.42 '
     '35.65/38.21/38.22 52.39/50.55/50.55 45.13/43.50/43.70'),
    ('avsbench', 'sslalign/s4_box.json', None, 3700, '28.03/35.03/35.04 '
     '42.41/40.30/40.31 58.86/53.81/53.81 52.51/46.78/46.98'),
    ('avsbench', 'sslalign/ms3_box.json', None, 320, '19.38/28.97/29.20 '
     '30.00/32.13/32.41 52.50/48.05/48.09 32.81/34.01/34.48'),
    ('is3', 'sslalign/synthetic3240_bbox.json', None, 6480,
     '20.62/32.75/32.75 34.09/39.36/39.38 58.61/55.51/55.50 '
     '38.52/40.05/40.25'),
    ('vpo', 'sslalign/vpo_ss_bbox.json', None, 890, '21.80/27.16/27.47 '
     '30.79/29.70/30.11 43.26/39.25/39.52 36.07/33.90/34.70'),
    ('vpo', 'sslalign/vpo_ms_bbox.json', None, 2157, '20.07/25.94/26.26 '
     '27.17/28.03/28.42 39.17/38.07/38.34 32.55/31.35/32.17'),
]


@pytest.fixture()
def run(root: Path, capsys: pytest.CaptureFixture) -> Callable[..., Dict]:
    """Run the tool in this process; what it printed on stdout, parsed."""
    main = runpy.run_path(str(root / TOOL))['main']

    def call(*argv: object) -> Dict[str, Any]:
        capsys.readouterr()
        main([str(arg) for arg in argv])
        return json.loads(capsys.readouterr().out)

    return call


@pytest.mark.parametrize(
    'dataset, ann_file, list_name, count, expected',
    PUBLISHED,
    ids=[Path(row[2] or row[1]).stem for row in PUBLISHED])
def test_published_annotation(shared: Path, run: Callable, dataset: str,
                              ann_file: str, list_name: Optional[str],
                              count: int, expected: str) -> None:
    folder = shared / 'metadata'
    argv = ['--dataset', dataset, '--ann-file', folder / ann_file]
    if list_name:
        argv += ['--list', folder / 'fnac' / list_name]
    found = run(*argv)
    assert found['n'] == count
    for name, numbers in zip(NAMES, expected.split()):
        assert [found[name][key] for key in KEYS] == pytest.approx(
            [float(number) for number in numbers.split('/')],
            abs=0.00501), name


@pytest.fixture()
def vggss(tmp_path: Path) -> Path:
    """The left half, and a box of zero area."""
    path = tmp_path / 'ann.json'
    entries = [('left', [[0, 0, 0.5, 1]]), ('flat', [[0.3, 0.3, 0.3, 0.6]])]
    path.write_text(
        json.dumps([{
            'file': name,
            'class': 'dog',
            'bbox': boxes
        } for name, boxes in entries]))
    return path


def test_as_a_user_runs_it(vggss: Path) -> None:
    """Nothing but json on stdout, nothing drawn where there is no terminal."""
    done = run_well(TOOL, '--ann-file', vggss)
    found = json.loads(done.stdout)
    assert (found['n'], found['n_empty_target']) == (2, 1)
    assert found['whole_image'] == {
        'ciou@0.5': 50,
        'mean_ciou': 25,
        # Over 21 thresholds 1, then ten times 1/2, then 0.
        'auc': pytest.approx(27.5)
    }
    assert found['oracle_cap']['mean_ciou'] == 50
    done = run_python(TOOL, '--ann-file', vggss.with_name('absent.json'))
    assert done.returncode == 1
    assert 'absent.json: no such file' in done.stderr
    assert 'Traceback' not in done.stderr


def test_list_and_protocol(run: Callable, vggss: Path) -> None:
    names = vggss.with_name('list.csv')
    names.write_text('left,dog\r\n')
    found = run('--ann-file', vggss, '--list', names, '--protocol', 'lvs')
    assert (found['n'], found['protocol']) == (1, 'lvs')
    # One pixel less than half of 224 x 224.
    assert found['oracle_cap']['mean_ciou'] == pytest.approx(100 * 25087 /
                                                             25088)


def test_flickr(run: Callable, tmp_path: Path) -> None:
    """Two annotators mark all, one the left half: consensus everywhere."""
    whole, left = (0, 0, 256, 256), (0, 0, 128, 256)
    for name, boxes in dict(a=(whole, whole, left), b=(left, )).items():
        text = ''.join('<bbox><n>x</n>' +
                       ''.join(f'<{tag}>{value}</{tag}>'
                               for tag, value in zip('pqrs', box)) + '</bbox>'
                       for box in boxes)
        (tmp_path / f'{name}.xml'
         ).write_text(f'<annotation><object>{text}</object></annotation>')
    argv = ('--dataset', 'flickr', '--ann-file', tmp_path)
    assert run(*argv)['n'] == 2
    names = tmp_path / 'flickr_test.csv'
    names.write_text('a,3\r\n')
    found = run(*argv, '--list', names)
    assert (found['n'], found['whole_image']['mean_ciou']) == (1, 100)
    names.write_text('b,3\r\n')
    # 0.5 on the left half: half of its weight over itself and the rest.
    assert run(*argv, '--list',
               names)['whole_image']['mean_ciou'] == pytest.approx(100 / 3)


@pytest.mark.parametrize('argv,message', [
    (('--list', 'list.csv'), 'list.csv: 1 listed id.*ann.json: absent'),
    (('--dataset', 'flickr'), 'ann.json: no such folder'),
    (('--list', 'nowhere.csv'), 'nowhere.csv: no such file'),
])
def test_bad_input(run: Callable, vggss: Path, argv: tuple,
                   message: str) -> None:
    folder = vggss.parent
    (folder / 'list.csv').write_text('left\nabsent\n')
    argv = [folder / arg if '.' in arg else arg for arg in argv]
    with pytest.raises(SystemExit) as stopped:
        run('--ann-file', vggss, *argv)
    assert stopped.match(message)
    vggss.write_text('[]')
    with pytest.raises(SystemExit, match='ann.json: '):
        run('--ann-file', vggss)
