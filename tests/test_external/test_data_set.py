"""A data set of another project, in one file outside of this one."""
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_python

MODULE = '''
"""Clips with a box each in a table of tabulators."""
from fnac_mm.datasets import AVLocalizationDataset
from fnac_mm.datasets.boxes import as_boxes
from fnac_mm.registry import DATASETS


@DATASETS.register_module()
class MyClips(AVLocalizationDataset):
    METAINFO = dict(dataset_name='my_clips', combine='union', consensus=2)
    FILE_ARGUMENTS = ('table', )

    def __init__(self, table, **kwargs):
        self.table = table
        super().__init__(**kwargs)

    def read_samples(self):
        with open(self._path(self.table)) as file:
            rows = [line.split('\\t') for line in file]
        return {
            name: dict(gt_boxes=as_boxes([list(map(float, box))]))
            for name, *box in rows
        }
'''

CONFIG = f'''
_base_ = '{ROOT}/configs/fnac_synthetic.py'
custom_imports = dict(imports=['my_clips'])
global_batch_size = 3
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(
    _delete_=True, type='MyClips', data_root='', table='boxes.tsv',
    data_prefix=dict(img_path='frames', audio_path='audio'), test_mode=True,
    pipeline={{{{_base_.test_pipeline}}}}))
test_dataloader = val_dataloader
train_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(
    _delete_=True, type='MyClips', data_root='', table='boxes.tsv',
    data_prefix=dict(img_path='frames', audio_path='audio'),
    pipeline={{{{_base_.test_pipeline}}}}))
train_cfg = dict(max_epochs=1)
'''


@pytest.fixture()
def project(tmp_path: Path, synthetic: Path,
            monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module, its config and the test clips in the other's layout."""
    (tmp_path / 'my_clips.py').write_text(MODULE)
    (tmp_path / 'config.py').write_text(CONFIG)
    shutil.copytree(synthetic / 'test', tmp_path / 'data')
    entries = json.loads((synthetic / 'metadata' / 'test.json').read_text())
    (tmp_path / 'data' / 'boxes.tsv').write_text('\n'.join(
        '\t'.join(map(str, (entry['file'], *entry['bbox'][0])))
        for entry in entries))
    monkeypatch.setenv('PYTHONPATH',
                       os.pathsep.join([str(ROOT), str(tmp_path)]))
    return tmp_path


def run(tool: str, *args: object) -> str:
    done = run_python(f'tools/{tool}', *args)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_trained_packed_verified_and_scored(project: Path):
    config, root = project / 'config.py', ('--data-root', project / 'data')
    work_dir = ('--work-dir', project / 'work')
    run('dataset_converters/verify_dataset.py', config, *root, '--allow',
        'leaked_id')
    packed = project / 'packed'
    run('dataset_converters/pack_dataset.py', config, packed, *root, '--split',
        'test', '--workers', 0)
    assert (packed / 'boxes.tsv').is_file()
    run('train.py', config, *root, *work_dir)
    scores = []
    for name, extra in (('files', ()),
                        ('packed',
                         ('--cfg-options',
                          f'test_dataloader.dataset.packed={packed}'))):
        out = project / f'{name}.json'
        run('test.py', config, project / 'work' / 'epoch_1.pth', *root,
            *work_dir, '--out', out, *extra)
        content = json.loads(out.read_text())
        assert content['dataset']['name'] == 'my_clips' and content['n'] == 7
        scores.append(content['metrics'])
    assert scores[0] == scores[1]
