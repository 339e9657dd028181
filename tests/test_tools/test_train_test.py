"""Training, testing and resuming as a user does."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Tuple

import pytest
import torch

from tests.conftest import ROOT, run_python, run_well
from tests.faults.launching import free_port
from tests.payload import Payload

CONFIG = 'configs/fnac_synthetic.py'
SMALL = [
    'global_batch_size=8', 'train_cfg.max_epochs=4',
    'custom_hooks.0.warmup_epochs=1', 'model.image_encoder.base_channels=8',
    'model.image_encoder.stem_channels=8',
    'model.audio_encoder.base_channels=8',
    'model.audio_encoder.stem_channels=8', 'model.embed_dims=16',
    'model.image_dropout=0.5', 'default_hooks.checkpoint.max_keep_ckpts=9',
    'default_hooks.logger.interval=1'
]


def _train(data: Path, work: Path, *more: str) -> list:
    return [
        'tools/train.py', CONFIG, '--data-root', data, '--work-dir', work,
        *more, '--cfg-options', *SMALL
    ]


def _stop(data: Path, work: Path, epoch: int, number: int) -> Tuple[int, str]:
    """Exit code and output of a training stopped after an epoch."""
    process = subprocess.Popen([sys.executable, *map(str, _train(data, work))],
                               cwd=ROOT,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT,
                               text=True,
                               start_new_session=True)
    deadline = time.time() + 240
    last = work / 'last_checkpoint'
    while not last.exists() or f'epoch_{epoch}' not in last.read_text():
        assert process.poll() is None and time.time() < deadline
        time.sleep(0.02)
    # As a terminal sends it: to the workers of the loaders too.
    os.killpg(process.pid, number)
    log = process.communicate(timeout=60)[0]
    return process.returncode, log


def _weights(path: Path) -> dict:
    return torch.load(path, weights_only=True)['state_dict']


@pytest.fixture(scope='module')
def trained(synthetic, tmp_path_factory) -> Path:
    """Four uninterrupted epochs with two workers."""
    work = tmp_path_factory.mktemp('trained')
    done = run_well(*_train(synthetic, work))
    (work / 'console.txt').write_text(done.stdout + done.stderr)
    return work


def test_resume_after_a_kill_is_bit_identical(trained, synthetic,
                                              tmp_path) -> None:
    _stop(synthetic, tmp_path, 2, signal.SIGKILL)
    assert not (tmp_path / 'epoch_4.pth').exists()
    done = run_well(*_train(synthetic, tmp_path, '--resume'))
    log = done.stdout + done.stderr
    assert re.search('resumed from .*epoch_[23].pth', log)
    ours, theirs = (_weights(p / 'epoch_4.pth') for p in (tmp_path, trained))
    different = [
        key for key in theirs if not torch.equal(ours[key], theirs[key])
    ]
    assert not different
    best = [[path.name for path in folder.glob('best_*')]
            for folder in (tmp_path, trained)]
    assert best[0] == best[1]


def test_ctrl_c_saves_and_says_how_to_go_on(synthetic, tmp_path) -> None:
    code, log = _stop(synthetic, tmp_path, 1, signal.SIGINT)
    assert code == 130
    assert log.count('and --resume') == 1 and 'Traceback' not in log, log


def test_the_console_is_quiet_and_the_log_complete(trained) -> None:
    console = (trained / 'console.txt').read_text()
    lines = console.splitlines()
    assert len(lines) < 15, console
    assert len([line for line in lines if line.startswith('epoch ')]) == 4
    scored, = [x for x in lines if x.startswith('validation: ')]
    assert ': n = ' in scored and 'protocol fnac_test' in scored
    log, = trained.glob('*/*.log')
    log = log.read_text()
    assert 'optim_wrapper' in log and 'loss_fns_audio' in log
    assert all(line in log for line in lines if line.startswith('epoch '))


def test_test_saves_what_eval_metric_scores_again(trained, synthetic,
                                                  tmp_path) -> None:
    out, shown = tmp_path / 'results.json', tmp_path / 'shown'
    done = run_well('tools/test.py', CONFIG, trained / 'epoch_4.pth',
                    '--data-root', synthetic, '--work-dir', tmp_path, '--out',
                    out, '--show-dir', shown, '--cfg-options', *SMALL)
    console, report = done.stdout.split('synthetic: n = 7 of 7\n')
    assert f'per-sample results: {out}' in console
    assert report.startswith('protocol fnac_test: ') and 'cIoU' in report
    saved = json.loads(out.read_text())
    assert saved['n'] == saved['n_listed'] == 7
    assert len(list(shown.glob('*.png'))) == 7
    again = run_well('tools/analysis_tools/eval_metric.py', out)
    rescored = json.loads(again.stdout)
    for name, value in saved['metrics'].items():
        assert rescored[name] == value


def test_a_checkpoint_that_does_not_fit_is_refused(trained, synthetic,
                                                   tmp_path) -> None:
    done = run_python('tools/test.py', CONFIG, trained / 'epoch_4.pth',
                      '--data-root', synthetic, '--work-dir', tmp_path)
    assert done.returncode != 0
    assert 'error: ' in done.stderr and 'Traceback' not in done.stderr
    assert 'epoch_4.pth: the checkpoint does not fit' in done.stderr
    log, = tmp_path.glob('*/*.log')
    assert 'Traceback' in log.read_text()
    assert 'bn1.running_mean (8,) instead of (16,)' in done.stderr


def test_a_checkpoint_with_code_is_refused(synthetic, tmp_path) -> None:
    marker = tmp_path / 'executed'
    bad = tmp_path / 'bad.pth'
    torch.save(
        dict(state_dict={}, payload=Payload(os.mkdir, str(marker))), bad)
    done = run_python('tools/test.py', CONFIG, bad, '--data-root', synthetic,
                      '--work-dir', tmp_path)
    assert done.returncode != 0 and not marker.exists()
    assert 'bad.pth: refused' in done.stderr


@pytest.mark.ddp
def test_two_processes_train_and_test_alike(trained, synthetic,
                                            tmp_path) -> None:
    """Odd number of test clips; same numbers as one process."""
    environment = dict(
        os.environ,
        PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        OMP_NUM_THREADS='1',
        PORT=str(free_port()))

    def launch(*command: object) -> None:
        done = subprocess.run([*command, *SMALL, 'train_cfg.max_epochs=2'],
                              cwd=ROOT,
                              env=environment,
                              capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    common = [
        '--data-root', synthetic, '--work-dir', tmp_path / 'ddp',
        '--cfg-options'
    ]
    launch('bash', 'tools/dist_train.sh', CONFIG, '2', *common)
    results = {}
    for name, start, count in (('one', [sys.executable, 'tools/test.py'], []),
                               ('two', ['bash', 'tools/dist_test.sh'], ['2'])):
        out = tmp_path / f'{name}.json'
        launch(*start, CONFIG, trained / 'epoch_4.pth', *count, '--out', out,
               *common)
        results[name] = json.loads(out.read_text())
    assert results['one']['metrics'] == results['two']['metrics']
    assert [r['sample_id'] for r in results['one']['results']
            ] == [r['sample_id'] for r in results['two']['results']]


def test_tensorboard_and_gradient_accumulation(synthetic, tmp_path) -> None:
    pytest.importorskip('tensorboard')
    run_well(*_train(synthetic, tmp_path), 'train_cfg.max_epochs=1',
             'optim_wrapper.accumulative_counts=2',
             'visualizer.vis_backends.0.type=TensorboardVisBackend')
    from tensorboard.backend.event_processing.event_accumulator import \
        EventAccumulator
    file, = tmp_path.glob('*/vis_data/events.*')
    events = EventAccumulator(str(file)).Reload()
    names = events.Tags()['scalars']
    assert 'loss_contrastive' in names and 'audio_visual/ciou@0.5' in names
    # 24 clips in batches of 8: updates after the second and the last batch
    state = torch.load(
        tmp_path / 'epoch_1.pth', weights_only=True)['optimizer']['state']
    assert {int(s['step']) for s in state.values()} == {2}
