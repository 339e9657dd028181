"""BenchmarkLoop on stand-ins of all sets: once each sample, one table."""
import json
import shutil
from pathlib import Path
from typing import Dict, List

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from fnac_mm.engine.console import ConsoleRunner
from fnac_mm.engine.launch import load_config
from ..conftest import run_python
from ..ddp_helpers import run_distributed

CONFIG = 'configs/fnac_synthetic_all_benchmarks.py'
SETS = [
    'vggss', 'flickr', 'extended_vggss', 'extended_flickr', 'avsbench_s4',
    'avsbench_ms3', 'is3', 'vpo_ss', 'vpo_ms'
]


@pytest.fixture(scope='module')
def standins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five samples or so of each set."""
    folder = tmp_path_factory.mktemp('standins') / 'data'
    done = run_python('tools/dataset_converters/make_standins.py', folder,
                      '--num', 5, '--workers', 1)
    assert done.returncode == 0, done.stderr
    return folder


def prepare(root: Path, data: Path, work_dir: Path,
            **options: object) -> Config:
    """Config of the shipped benchmark, small and without workers."""
    cfg = load_config(
        str(root / CONFIG),
        data_root=str(data),
        work_dir=str(work_dir),
        cfg_options={
            'test_dataloader.num_workers': 0,
            'test_dataloader.batch_size': 7,
            'test_cfg.intervals': False
        })
    cfg.test_cfg.update(options)
    cfg.log_level = 'WARNING'
    cfg.experiment_name = work_dir.name
    return cfg


def keep_only(cfg: Config, *names: str) -> Config:
    cfg.test_cfg.benchmarks = [
        b for b in cfg.test_cfg.benchmarks if b.name in names
    ]
    return cfg


def test_all_sets_in_one_table(standins: Path, root: Path, tmp_path: Path,
                               caplog: pytest.LogCaptureFixture,
                               recwarn: pytest.WarningsRecorder) -> None:
    """As shipped; each sample goes through the encoders once."""
    cfg = prepare(root, standins, tmp_path)
    runner = Runner.from_cfg(cfg)
    seen: List[int] = []
    runner.model.image_encoder.register_forward_hook(
        lambda module, inputs, output: seen.append(len(inputs[0])))
    scores = runner.test()
    content = json.loads((tmp_path / 'benchmarks.json').read_text())
    assert content['missing'] == {}
    found = {row['set'] for row in content['rows']}
    assert found == {*SETS, 'vggss_heard', 'vggss_unheard'}
    # 5 clips and 3 kinds of negatives; 2 kinds; positives and negatives; ...
    samples = dict(
        vggss=20,
        flickr=15,
        extended=2 * 10,
        avsbench=2 * 5,
        is3=4 * 6,
        vpo_ss=5,
        vpo_ms=6)
    assert sum(seen) == sum(samples.values())
    for row in content['rows']:
        assert row['n'] <= row['n_listed']
        assert row['baselines'], row
        if row['number'] == 'cIoU@0.5':
            blind = {'whole_image', 'centre', 'oracle_cap'}
            # Where there is another clip whose sound can be taken
            several = row['set'] in ('vggss', 'flickr', 'is3', 'vpo_ss')
            assert set(row['baselines']) - {'shuffled_audio'} == blind
            assert 'shuffled_audio' in row['baselines'] or not several
            key = f'{row["set"]}/audio_visual/ciou@0.5'
            if 'heard' in row['set']:
                key = f'vggss/{key}'
            assert row['value'] == scores[key]
    table = (tmp_path / 'benchmarks.md').read_text()
    assert 'Not scored: none.' in table
    assert '| vggss | 5 of 5 | fnac_test | cIoU@0.5 |' in table
    assert len(list((tmp_path / 'results').iterdir())) == 21
    warned = [str(w.message) for w in recwarn if 'fnac' in str(w.filename)]
    assert not warned
    assert not [r for r in caplog.records if r.levelname == 'WARNING']


def test_subsets_are_sets_of_their_own(standins: Path, root: Path,
                                       tmp_path: Path) -> None:
    """The mean over heard and unheard, weighted, is that over all."""
    cfg = keep_only(prepare(root, standins, tmp_path), 'vggss')
    scores = Runner.from_cfg(cfg).test()
    parts = [(scores[f'vggss/vggss_{name}/n'],
              scores[f'vggss/vggss_{name}/audio_visual/mean_ciou'])
             for name in ('heard', 'unheard')]
    assert sum(n for n, _ in parts) == scores['vggss/n'] == 5
    mean = sum(n * value for n, value in parts) / 5
    assert mean == pytest.approx(scores['vggss/audio_visual/mean_ciou'])


def test_the_log_holds_one_set_at_a_time(
        standins: Path, root: Path, tmp_path: Path,
        capsys: pytest.CaptureFixture) -> None:
    """Each set's numbers bear its name, and no others are repeated."""
    cfg = keep_only(prepare(root, standins, tmp_path), 'flickr', 'vpo_ms')
    runner = ConsoleRunner.from_cfg(cfg)
    scores = runner.test()
    shown = capsys.readouterr().out
    assert shown.endswith(
        f'written: {tmp_path / "benchmarks.md"}, .json, results/\n')
    assert f'results: {tmp_path / "results"}/flickr_localization.json' in shown
    assert {key.split('/')[0] for key in scores} == {'flickr', 'vpo_ms'}
    logged = runner.message_hub.log_scalars
    names = [key for key in logged if key.startswith('test/')]
    assert names and all(
        k.startswith('test/vpo_ms/') for k in names if not k.endswith('time'))


def test_missing_sets_are_named(standins: Path, root: Path,
                                tmp_path: Path) -> None:
    data = tmp_path / 'some'
    shutil.copytree(standins / 'flickr', data / 'flickr')
    shutil.copytree(standins / 'vpo', data / 'vpo')
    next((data / 'vpo' / 'COCO_AV' / 'audio_wav').iterdir()).unlink()
    cfg = prepare(root, data, tmp_path)
    Runner.from_cfg(cfg).test()
    content = json.loads((tmp_path / 'benchmarks.json').read_text())
    there = {'flickr', 'extended_flickr', 'vpo_ms'}
    assert {row['set'] for row in content['rows']} == there
    assert set(content['missing']) == set(SETS) - there
    assert 'no such folder' in content['missing']['vggss']
    assert '4 found of 5' in content['missing']['vpo_ss']
    cfg = keep_only(
        prepare(root, data, tmp_path / 'again', allow_missing=True), 'vpo_ss')
    scores = Runner.from_cfg(cfg).test()
    assert (scores['vpo_ss/n'], scores['vpo_ss/n_listed']) == (4, 5)
    (tmp_path / 'empty').mkdir()
    cfg = prepare(root, tmp_path / 'empty', tmp_path / 'none')
    with pytest.raises(FileNotFoundError, match='none of the sets is there'):
        Runner.from_cfg(cfg).test()


def test_names_must_differ(standins: Path, root: Path, tmp_path: Path) -> None:
    cfg = prepare(root, standins, tmp_path)
    cfg.test_cfg.benchmarks.append(cfg.test_cfg.benchmarks[0])
    with pytest.raises(ValueError, match='names must differ'):
        Runner.from_cfg(cfg).test()


def evaluate_part(root: Path, data: Path, work_dir: Path,
                  weights: dict) -> Dict[str, float]:
    """The evaluation of this process and its peers."""
    cfg = prepare(root, data, work_dir)
    keep_only(cfg, 'vggss', 'extended_vggss', 'avsbench_s4', 'is3')
    # One by one: a batch of another size could round otherwise.
    cfg.test_dataloader.batch_size = 1
    runner = Runner.from_cfg(cfg)
    runner.model.load_state_dict(weights)
    return runner.test()


@pytest.mark.ddp
def test_number_of_processes_does_not_matter(standins: Path, root: Path,
                                             tmp_path: Path) -> None:
    """Odd n everywhere: 20, 10, 5 and 24 samples on 3 processes."""
    cfg = prepare(root, standins, tmp_path / 'x')
    weights = Runner.from_cfg(cfg).model.state_dict()
    expected = evaluate_part(root, standins, tmp_path / 'one', weights)
    arguments = (root, standins, tmp_path / 'three', weights)
    found = run_distributed(evaluate_part, 3, *arguments, timeout=240)
    for one in found:
        assert {k: v for k, v in one.items() if expected.get(k) != v} == {}
        assert one.keys() == expected.keys()
