"""Every planted fault is reported once, by name and cause; nothing else."""
import json
import os
import shutil
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Set, Tuple

import numpy as np
import pytest
import soundfile

from fnac_mm.verification import verify as verify_module
from fnac_mm.verification.probe import FileTask, probe_file
from fnac_mm.verification.problems import ADVICE
from tests.conftest import run_python
from tests.planted_duplicates import plant
from tests.planted_faults import break_files, frame, sound, write_video
from tools.dataset_converters.verify_dataset import main

SCRIPT = Path('tools/dataset_converters/verify_dataset.py')
CONFIG = 'configs/fnac_synthetic.py'

Report = Dict[str, Any]
Run = Callable[..., Tuple[int, Report]]


@pytest.fixture()
def run(tmp_path: Path, monkeypatch) -> Run:
    """Exit status and report of the tool, in this process."""

    def call(*args: Any) -> Tuple[int, Report]:
        monkeypatch.chdir(tmp_path)
        out = tmp_path / 'report.json'
        status = main([str(a) for a in (*args, '--out', out, '--workers', 1)])
        return status, json.loads(out.read_text())

    return call


@pytest.fixture()
def data(synthetic: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(synthetic, tmp_path / 'data'))


@pytest.fixture()
def check(run: Run, data: Path, root: Path) -> Run:
    """The same of the synthetic benchmark, which a test has damaged."""
    return partial(run, root / CONFIG, '--data-root', data)


def by_kind(report: Report) -> Dict[str, Set[str]]:
    """Names of the files of each kind of problem."""
    found: Dict[str, Set[str]] = defaultdict(set)
    for problem in report['problems']:
        found[problem['kind']].add(Path(problem['file']).name)
    return found


def test_a_good_folder(check: Run):
    status, report = check()
    assert status == 0 and report['problems'] == []
    assert report['n_files'] == report['n_files_opened'] == 2 * (24 + 6 + 7)
    assert [(d['loaders'], d['n_complete'], d['n_wanted'])
            for d in report['data_sets']] == [(['train'], 24, 24),
                                              (['val'], 6, 6),
                                              (['test'], 7, 7)]


def test_each_fault_by_name_and_cause(check: Run, data: Path, capsys):
    expected = break_files(data)
    status, report = check()
    found = by_kind(report)
    # A NaN outside of the window that the config takes does no harm.
    assert found == expected
    assert status == 1
    assert report['counts'] == {k: len(v) for k, v in expected.items()}
    assert [d['n_complete'] for d in report['data_sets']] == [22, 6, 6]
    words = {Path(p['file']).name: p['found'] for p in report['problems']}
    assert 'SyntheTrain_000005.png' in words['SyntheTrain_000006.jpg']
    assert '0.3 s before its announced end' in words['SyntheTrain_000011.wav']
    assert 'symbolic link' in words['SyntheTrain_000002.jpg']
    assert '3 of 3' not in capsys.readouterr().out
    status, again = check('--allow', *expected)
    assert status == 0 and again['problems'] == report['problems']


def test_recordings_are_decoded_to_their_end(tmp_path: Path):
    """Damage behind the window that the config takes is found too."""
    rng = np.random.default_rng(0)
    path = tmp_path / 'a.flac'
    soundfile.write(path, 0.1 * rng.standard_normal(160000), 16000)
    task = FileTask(str(path), 'audio_path', 1.0)
    assert probe_file(task).problems == []
    content = bytearray(path.read_bytes())
    content[-9000:-8000] = rng.bytes(1000)
    path.write_bytes(content)
    (kind, found), = probe_file(task).problems
    assert kind == 'unreadable' and 'decoding' in found


def test_a_rate_that_no_recorder_has(tmp_path: Path):
    path = tmp_path / 'a.wav'
    soundfile.write(path, np.ones(100), 2**31 - 1)
    facts = probe_file(FileTask(str(path), 'audio_path'))
    assert facts.problems == [('unreadable',
                               'the header tells a sample rate of '
                               '2147483647 Hz')]


def test_ids_in_training_and_test(check: Run, data: Path):
    """Found also where the files are two."""
    for kind in ('frames', 'audio'):
        for path in (data / 'test' / kind).glob('*_000002.*'):
            shutil.copy(path, data / 'train' / kind)
    with open(data / 'metadata/train.txt', 'a') as file:
        file.write('SyntheTest0_000002\n')
    status, report = check()
    assert status == 1
    assert report['counts'] == dict(leaked_id=1, leaked_content=2)
    leak = report['problems'][0]
    assert (leak['file'], leak['data_set']) == ('SyntheTest0_000002',
                                                'train+test')
    status, report = check(
        '--cfg-options',
        'train_dataloader.dataset.exclude=["metadata/test.csv"]')
    assert status == 0
    assert report['data_sets'][0]['n_excluded'] == 1


def test_mixed_rates_only_where_nothing_resamples(check: Run, data: Path):
    path = sound(data, 4)
    wave, rate = soundfile.read(path)
    soundfile.write(path, wave, 22050)
    status, report = check()
    assert status == 0
    assert report['data_sets'][0]['sample_rates'] == {'16000': 23, '22050': 1}
    status, report = check(
        '--cfg-options',
        'train_dataloader.dataset.pipeline.1.sample_rate=None')
    assert status == 1 and by_kind(report) == dict(rates={path.name})


@pytest.mark.parametrize('name', ['empty', 'absent', 'ids', 'other', 'list'])
def test_wrong_folders_and_lists(check: Run, data: Path, name: str):
    """The other data sets are checked all the same."""
    train = data / 'train' / 'frames'
    files = data / 'metadata' / 'train.txt'
    if name in ('empty', 'absent'):
        shutil.rmtree(train)
        if name == 'empty':
            train.mkdir()
    elif name == 'ids':
        files.write_text('SyntheTrain_000000\n../../etc/passwd\n')
    elif name == 'other':
        files.write_text('abcdefghijk_000001\nabcdefghijk_000002\n')
    else:
        files.write_bytes(b'\xff\xfe\x00')
    status, report = check()
    assert status == 1
    first = report['problems'][0]
    assert first['kind'] == 'data_set' and first['data_set'] == 'train'
    word = dict(
        empty='holds no files',
        absent='no such folder',
        ids="'../../etc/passwd' is not an id",
        other='another data set',
        list='not UTF-8')[name]
    assert word in first['found']
    assert len(report['problems']) == (5 if name == 'other' else 1)
    assert report['n_files_opened'] == 2 * (6 + 7)


def test_links_that_go_round(check: Run, data: Path):
    (data / 'train' / 'frames' / 'round').symlink_to(data / 'train')
    (data / 'test' / 'audio' / 'x.wav').symlink_to(data / 'test' / 'audio')
    assert check()[0] == 0


@pytest.mark.skipif(
    os.name == 'nt' or os.geteuid() == 0, reason='root may read everything')
def test_no_permission(check: Run, data: Path):
    sound(data, 0).chmod(0)
    status, report = check()
    assert status == 1
    assert by_kind(report) == dict(unreadable={sound(data, 0).name})


def test_a_sample_of_the_clips(check: Run, data: Path):
    """Files are opened for some; what is missing is known for all."""
    sound(data, 3).unlink()
    status, report = check('--sample', 5)
    assert status == 1
    assert by_kind(report) == dict(missing={'SyntheTrain_000003.wav'})
    assert report['n_files'] == report['n_files_opened'] == 2 * 15


def test_ctrl_c_reports_what_was_found(check: Run, data: Path, monkeypatch):
    frame(data, 0).write_text('no picture')

    def stopped(function, tasks, workers):
        for number, task in enumerate(tasks):
            if number == 5:
                raise KeyboardInterrupt
            yield task, function(task)

    monkeypatch.setattr(verify_module, 'process_map', stopped)
    status, report = check()
    assert status == 130 and report['interrupted']
    assert (report['n_files_opened'], report['n_files']) == (5, 74)
    assert by_kind(report) == dict(unreadable={frame(data, 0).name})


def test_stands_still(run: Run, tmp_path: Path, root: Path):
    """AVSBench has five frames of a clip."""
    rng = np.random.default_rng(0)
    base = tmp_path / 'avs'
    names = dict(train=['a', 'b'], val=['c'], test=['d'])
    lines = ['name,start_time,category,split']
    for split, videos in names.items():
        for video in videos:
            lines.append(f'{video},0,cat,{split}')
            write_video(base / 's4_data', split, video, rng, video in 'ad')
    (base / 's4_meta_data.csv').write_text('\n'.join(lines))
    status, report = run(root / 'configs/fnac_avsbench_s4.py', '--data-root',
                         base)
    assert status == 1
    assert by_kind(report) == dict(still={'a_1.png', 'd_1.png'})
    assert [d['n_complete'] for d in report['data_sets']] == [10, 5, 5]


def test_as_a_command(data: Path):
    sound(data, 0).unlink()
    done = run_python(SCRIPT, CONFIG, '--data-root', data)
    assert done.returncode == 1
    assert '23 complete of 24 clips wanted' in done.stdout
    assert 'missing: 1.' in done.stdout
    # The frame of a clip without sound is not opened.
    assert '72/72' in done.stderr


TWO_FOLDERS = '''
pipeline = [dict(type='LoadImage'), dict(type='LoadAudio', duration=0.8)]
train_dataloader = dict(dataset=dict(
    type='VGGSound', pipeline=pipeline,
    data_prefix=dict(img_path='train/frames', audio_path='train/audio')))
test_dataloader = dict(dataset=dict(
    type='VGGSound', pipeline=pipeline,
    data_prefix=dict(img_path='test/frames', audio_path='test/audio')))
'''


@pytest.mark.parametrize(
    'seed, count, planted',
    [(301, 200, 10), *(pytest.param(seed, 2000, 100, marks=pytest.mark.slow)
                       for seed in (401, 402))])
def test_near_duplicates(run: Run, tmp_path: Path, seed: int, count: int,
                         planted: int):
    """Seeds other than the one by which the rule was chosen."""
    pytest.importorskip('imagehash')
    config, folder = tmp_path / 'two_folders.py', tmp_path / 'clips'
    config.write_text(TWO_FOLDERS)
    copies = plant(folder, seed, count, planted)
    status, report = run(config, '--data-root', folder, '--duplicates')
    found, wrong = Counter(), Counter()
    for problem in report['problems']:
        if problem['kind'] == 'near_duplicate':
            kind, source = copies.get(Path(problem['file']).stem, ('', '?'))
            right = f'/{source}.jpg' in problem['found']
            (found if right else wrong)[kind] += 1
    print(f'{found}, false alarms: {dict(wrong)} of {count // 2} clips')
    assert status == 1
    assert all(n >= 0.95 * planted for n in found.values())
    assert len(found) == 3
    assert wrong.total() <= 0.01 * count / 2


def test_the_page_explains_every_kind(root: Path):
    page = (root / 'docs/verify.md').read_text()
    for kind in ADVICE:
        assert f'| `{kind}` |' in page
