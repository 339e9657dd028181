"""A metric of another project: one file, one config, no change of ours."""
import json
import os
from pathlib import Path
from typing import Any

import cv2
import pytest

from ..conftest import run_python

METRIC = '''
import numpy as np
from fnac_mm.evaluation import MapMetric
from fnac_mm.functional import SampleStatistic
from fnac_mm.registry import METRICS


@METRICS.register_module()
class PointingGame(MapMetric):
    """Share of maps whose peak is near the source, in percent."""
    default_prefix = 'pointing'
    column = score_name = 'hit'
    row_schema = dict(MapMetric.row_schema, hit=dict)
    columns = dict(rate='pointing')
    note = 'Pointing: of the peak alone.'

    def __init__(self, margin=0, **kwargs):
        super().__init__(**kwargs)
        self.margin = margin

    def options(self):
        return dict(margin=self.margin)

    def score(self, rows, maps, objects, baselines=True):
        large = self.protocol.maps(maps, objects)
        for index, (row, target) in enumerate(zip(rows, self.targets(rows))):
            peaks = {k: divmod(int(v[index].argmax()), target.shape[1])
                     for k, v in large.items()}
            if baselines:
                peaks['centre'] = [side // 2 for side in target.shape]
            row['hit'] = {k: self.is_near(target, *p)
                          for k, p in peaks.items()}

    def is_near(self, target, y, x):
        part = target[max(y - self.margin, 0):y + self.margin + 1,
                      max(x - self.margin, 0):x + self.margin + 1]
        return 100. * bool((part > 0).any())

    def statistics(self, rows):
        return {f'{k}/rate': SampleStatistic(
            (np.array([row['hit'][k] for row in rows]), ))
            for k in self.scored(rows)}
'''
CONFIG = '''
_base_ = [r'{root}/configs/fnac_synthetic.py']
custom_imports = dict(imports=['pointing'], allow_failed_imports=False)
model = dict(
    image_encoder=dict(base_channels=8, stem_channels=8),
    audio_encoder=dict(base_channels=8, stem_channels=8),
    embed_dims=16)
global_batch_size = 8
train_cfg = dict(max_epochs=1)
default_hooks = dict(
    checkpoint=dict(save_best='pointing/audio_visual/rate'))
val_evaluator = dict(_delete_=True, type='PointingGame')
test_evaluator = dict(_delete_=True, type='PointingGame', margin=3)
'''
BENCHMARKS = '''
_base_ = [r'{root}/configs/fnac_synthetic_all_benchmarks.py']
custom_imports = dict(imports=['pointing'], allow_failed_imports=False)
model = dict(
    image_encoder=dict(base_channels=8, stem_channels=8),
    audio_encoder=dict(base_channels=8, stem_channels=8),
    embed_dims=16)
test_cfg = dict(intervals=False, benchmarks=[dict(
    name='toy',
    dataset=dict(
        type='VGGSS',
        data_prefix=dict(img_path='test/frames', audio_path='test/audio'),
        list_file='metadata/test.csv',
        ann_file='metadata/test.json'),
    evaluator=[dict(type='LocalizationMetric'),
               dict(type='PointingGame', margin=3)])])
'''


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory, synthetic: Path,
            root: Path) -> Path:
    """The other project's folder, after an epoch and a test."""
    folder = tmp_path_factory.mktemp('other_project')
    (folder / 'pointing.py').write_text(METRIC)
    (folder / 'config.py').write_text(CONFIG.format(root=root))
    (folder / 'benchmarks.py').write_text(BENCHMARKS.format(root=root))
    common = ('--data-root', synthetic, '--work-dir', folder / 'work')
    run(folder, 'tools/train.py', folder / 'config.py', *common)
    run(folder, 'tools/test.py', folder / 'config.py',
        folder / 'work' / 'epoch_1.pth', *common, '--out',
        folder / 'results.json')
    return folder


def run(project: Path, *argv: object) -> Any:
    """A tool of ours, as the users of the project call it."""
    path = f'{project}{os.pathsep}{os.environ.get("PYTHONPATH", "")}'
    done = run_python(*argv, env=dict(os.environ, PYTHONPATH=path))
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def tool(name: str, *argv: object) -> Any:
    """A tool that reads result files; the metric is named by its file."""
    done = run_python(f'tools/analysis_tools/{name}.py', *argv)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_result_file_and_tools(project: Path) -> None:
    out, named = project / 'results.json', ('--import',
                                            project / 'pointing.py')
    content = json.loads(out.read_text())
    assert content['metric'] == dict(type='PointingGame', margin=3)
    rate = content['metrics']['audio_visual/rate']
    hits = [row['hit']['audio_visual'] for row in content['results']]
    assert rate == sum(hits) / len(hits)
    again = project / 'again.json'
    found = json.loads(tool('eval_metric', out, '--out', again, *named).stdout)
    assert found['pointing/audio_visual/rate'] == rate
    assert again.read_text() == out.read_text()
    found = json.loads(tool('compare_results', out, again, *named).stdout)
    score = found['scores']['audio_visual/rate']
    assert (score['first'], score['difference']) == (rate, 0)
    assert 'mcnemar' in score
    picture = project / 'sheet.png'
    tool('visualize_results', out, '--out', picture, *named)
    assert cv2.imread(str(picture)) is not None


def test_unknown_without_its_module(project: Path) -> None:
    """A file is data: its name of a metric imports nothing."""
    out = project / 'results.json'
    path = os.pathsep.join([str(project), os.environ.get('PYTHONPATH', '')])
    for name in ('PointingGame', 'pointing', 'pointing.PointingGame'):
        content = json.loads(out.read_text())
        content['metric']['type'] = name
        (project / 'named.json').write_text(json.dumps(content))
        done = run_python(
            'tools/analysis_tools/eval_metric.py',
            project / 'named.json',
            env=dict(os.environ, PYTHONPATH=path))
        assert done.returncode == 1
        assert f"unknown metric '{name}'" in done.stderr
        assert '--import' in done.stderr


def test_table_of_all_benchmarks(project: Path, synthetic: Path) -> None:
    work = project / 'table'
    run(project, 'tools/test.py', project / 'benchmarks.py',
        project / 'work' / 'epoch_1.pth', '--data-root', synthetic,
        '--work-dir', work)
    content = json.loads((work / 'benchmarks.json').read_text())
    row = content['rows'][-1]
    assert (row['set'], row['number']) == ('toy', 'pointing')
    expected = json.loads((project / 'results.json').read_text())['metrics']
    assert row['value'] == expected['audio_visual/rate']
    assert row['baselines']['centre'] == expected['centre/rate']
    table = (work / 'benchmarks.md').read_text()
    assert '| toy | 7 of 7 | fnac_test | pointing |' in table
    assert 'Pointing: of the peak alone.' in table
    assert (work / 'results' / 'toy_pointinggame.json').is_file()
