"""VGG-Sound from clips as downloaded: whole, broken, killed, misnamed."""
import csv
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import numpy as np
import pytest
import soundfile

from fnac_mm.preparation import media, runner
from fnac_mm.preparation.plan import MediaOptions
from fnac_mm.preparation.vggsound import candidate_ids, identify, make_plan
from fnac_mm.registry import DATASETS
from tests.conftest import ROOT, run_well
from tests.media import sample_ramp
from .raw_media import (FAULTS, RATE, SECONDS, clip_id, digests, frame_offset,
                        names, picture_index, read_manifest, run_tool,
                        unfinished, write_clip, write_vggsound)

run = partial(run_tool, 'prepare_vggsound')

SCRIPT = ROOT / 'tools' / 'dataset_converters' / 'prepare_vggsound.py'
COUNT, BROKEN = 40, 6

Raw = Tuple[Path, Dict[str, str]]


@pytest.fixture(scope='module')
def raw(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    folder = tmp_path_factory.mktemp('vggsound') / 'raw'
    return folder, write_vggsound(folder, COUNT, BROKEN)


@pytest.fixture(scope='module')
def prepared(raw: Raw) -> Path:
    """The undisturbed run, as a user starts it."""
    folder = raw[0].parent / 'prepared'
    done = run_well(SCRIPT, raw[0], folder, '--csv',
                    raw[0].parent / 'vggsound.csv', '--workers', 2)
    (folder.parent / 'output.txt').write_text(done.stdout)
    return folder


def test_all_good_ones_are_made(raw: Raw, prepared: Path) -> None:
    good = [clip_id(n) for n in range(COUNT) if clip_id(n) not in raw[1]]
    assert names(prepared / 'frames') == sorted(f'{i}.jpg' for i in good)
    assert names(prepared / 'audio') == sorted(f'{i}.wav' for i in good)
    for number in range(len(good)):
        frame = prepared / 'frames' / f'{clip_id(number)}.jpg'
        # The frame at 5.0 s
        assert picture_index(frame) == frame_offset(number) + 50
        samples, rate = soundfile.read(
            prepared / 'audio' / f'{clip_id(number)}.wav', dtype='int16')
        if number % 5 == 2:  # Opus
            assert rate == 48000 and len(samples) == rate * SECONDS
            continue
        assert rate == RATE
        assert np.array_equal(samples,
                              sample_ramp(RATE * SECONDS) + 1 + number)


def test_each_bad_one_is_reported_by_name_and_cause(raw: Raw,
                                                    prepared: Path) -> None:
    records = read_manifest(prepared)
    assert list(records) == sorted(records) and len(records) == COUNT
    failed = {
        i: record['failure']
        for i, record in records.items() if record['status'] == 'failed'
    }
    assert failed == raw[1] and set(failed.values()) == set(FAULTS)
    assert all(records[i]['reason'] for i in failed)
    output = (prepared.parent / 'output.txt').read_text()
    for name, kind in raw[1].items():
        assert f'failed, {kind}: {name}: ' in output


def test_summary_is_exact(prepared: Path) -> None:
    output = (prepared.parent / 'output.txt').read_text()
    assert f'found {COUNT} of {COUNT} listed clips, 0 not found' in output
    assert (f'made {COUNT - BROKEN}, already there 0, failed {BROKEN}, ' +
            ', '.join(f'{kind} 1' for kind in sorted(FAULTS))) in output
    assert 'clips/s with 2 processes' in output and 'GB needed' in output


def test_manifest_tells_what_was_made(prepared: Path) -> None:
    record = read_manifest(prepared)[clip_id(1)]
    frame, sound = record['outputs']
    assert record['sources'].keys() == {f'train/some class/{clip_id(1)}.mkv'}
    assert (frame['time'], frame['shown_from']) == (5.0, 5.0)
    assert (frame['width'], frame['height']) == (160, 32)
    assert (sound['sample_rate'], sound['duration'],
            sound['codec']) == (RATE, SECONDS, 'pcm_s16le')
    assert record['label'] == 'class 1, loud' and record['split'] == 'test'
    for output in record['outputs']:
        assert digests(prepared)[output['path']] == output['sha256']


def test_lists_of_what_is_there(prepared: Path) -> None:
    ids = []
    for split in ('train', 'test'):
        with open(prepared / 'metadata' / f'vggsound_{split}.csv') as file:
            rows = list(csv.reader(file))
        assert all(label.endswith(', loud') for _, label in rows)
        ids += [i for i, _ in rows]
    assert sorted(f'{i}.wav' for i in ids) == names(prepared / 'audio')


def test_our_data_set_reads_it(prepared: Path) -> None:
    dataset = DATASETS.build(
        dict(
            type='VGGSound',
            data_root=str(prepared),
            pipeline=[
                dict(type='LoadImage'),
                dict(type='LoadAudio'),
                dict(type='PackAVInputs')
            ]))
    assert len(dataset) == COUNT - BROKEN
    assert dataset[0]['inputs']['image'].shape == (3, 32, 160)


@pytest.mark.ddp
def test_killed_and_run_again(raw: Raw, prepared: Path,
                              tmp_path: Path) -> None:
    """Same final bytes as the undisturbed run, the manifest included."""
    out, rng = tmp_path / 'out', np.random.default_rng(0)
    journal = out / 'journal.jsonl'
    table = raw[0].parent / 'vggsound.csv'
    args = (raw[0], out, '--csv', table, '--workers', 2)
    context = multiprocessing.get_context('fork')
    for lines in (3, 15, 27, None):
        process = context.Process(target=run, args=args)
        process.start()
        # Once the journal has so many lines.
        while lines and process.is_alive():
            if journal.is_file() and \
                    journal.read_bytes().count(b'\n') >= lines:
                process.kill()
                break
            time.sleep(0.002)
        process.join()
        assert process.exitcode == (-signal.SIGKILL if lines else 0)
        time.sleep(0.3 * rng.random())
        if lines and rng.random() < 0.5:  # a torn line, as of a power cut
            with open(journal, 'a') as file:
                file.write('{"id": "AbC-_xyZ0')
    assert digests(out) == digests(prepared)


class TestSecondRun:
    """What an earlier run made is kept, unless it changed."""

    @pytest.fixture()
    def folder(self, tmp_path: Path) -> Path:
        for number in range(3):
            write_clip(tmp_path / 'raw', number)
        run(tmp_path / 'raw', tmp_path / 'out', '--workers', 1)
        return tmp_path

    @pytest.fixture()
    def again(self, folder: Path,
              capsys: pytest.CaptureFixture) -> Callable[..., str]:
        """Run it again; what it prints."""

        def call(*args: object) -> str:
            capsys.readouterr()
            run(folder / 'raw', folder / 'out', '--workers', 1, *args)
            return capsys.readouterr().out

        return call

    def test_nothing_is_made_again(self, folder: Path,
                                   again: Callable) -> None:
        audio = sorted(folder.glob('out/audio/*'))
        before = digests(folder / 'out')
        stamps = [path.stat().st_mtime_ns for path in audio]
        assert 'made 0, already there 3, failed 0' in again()
        assert digests(folder / 'out') == before
        assert stamps == [path.stat().st_mtime_ns for path in audio]

    def test_a_damaged_file_is_made_again(self, folder: Path,
                                          again: Callable) -> None:
        before = digests(folder / 'out')
        path = folder / 'out' / 'audio' / f'{clip_id(1)}.wav'
        path.write_bytes(path.read_bytes()[:100])
        (folder / 'out' / 'frames' / f'{clip_id(2)}.jpg').unlink()
        assert 'made 2, already there 1, failed 0' in again()
        assert digests(folder / 'out') == before

    def test_a_new_download_is_made_again(self, folder: Path,
                                          again: Callable) -> None:
        """Of another size; one that is broken leaves no old files."""
        path = folder / 'raw' / f'{clip_id(0)}.mp4'
        path.write_bytes(path.read_bytes()[:200])
        assert 'made 0, already there 2, failed 1, truncated 1' in again()
        assert len(names(folder / 'out' / 'audio')) == 2
        write_clip(folder / 'raw', 0)
        assert 'made 1, already there 2, failed 0' in again()

    def test_raw_media_may_be_deleted(self, folder: Path,
                                      again: Callable) -> None:
        before = digests(folder / 'out')
        (folder / 'raw' / f'{clip_id(0)}.mp4').unlink()
        listed = folder / 'list.txt'
        listed.write_text(''.join(f'{clip_id(n)}\n' for n in range(3)))
        output = again('--list', listed)
        assert '1 not found, of which 1 were made before' in output
        assert '3 of 3 clips are ready' in output
        assert digests(folder / 'out') == before

    def test_other_options_are_refused(self, again: Callable) -> None:
        with pytest.raises(SystemExit, match="frame: '5.0' there, 'middle'"):
            again('--frame', 'middle')

    def test_leftovers_of_a_killed_run_go(self, folder: Path,
                                          again: Callable) -> None:
        for name in ('frames/.unfinished_x.jpg', 'audio/.unfinished_x.wav',
                     '.unfinished_x.jsonl'):
            (folder / 'out' / name).write_bytes(b'half')
        again()
        assert not unfinished(folder / 'out')

    def test_two_at_once_are_refused(self, folder: Path,
                                     again: Callable) -> None:
        code = ('import fcntl, sys, time; f = open(sys.argv[1], "r+"); '
                'fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); '
                'time.sleep(60)')
        holder = subprocess.Popen([
            sys.executable, '-c', code,
            str(folder / 'out' / 'preparation.json')
        ],
                                  stdout=subprocess.PIPE)
        try:
            holder.stdout.readline()
            with pytest.raises(SystemExit, match='another process'):
                again()
        finally:
            holder.kill()
            holder.wait()
            holder.stdout.close()


def test_a_foreign_folder_is_not_touched(tmp_path: Path) -> None:
    write_clip(tmp_path / 'raw', 0)
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'thesis.tex').write_text('x')
    with pytest.raises(SystemExit, match='not an empty folder'):
        run(tmp_path / 'raw', tmp_path / 'mine')
    with pytest.raises(SystemExit, match='lies in source'):
        run(tmp_path / 'raw', tmp_path / 'raw' / 'out')
    assert names(tmp_path / 'mine') == ['thesis.tex']


def hear_ctrl_c() -> None:
    """What a shell starts in the background ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_keeps_what_is_made(tmp_path: Path) -> None:
    write_vggsound(tmp_path / 'raw', 30, 0)
    out = tmp_path / 'out'
    process = subprocess.Popen([
        sys.executable,
        str(SCRIPT),
        str(tmp_path / 'raw'),
        str(out), '--workers', '1'
    ],
                               stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE,
                               text=True,
                               preexec_fn=hear_ctrl_c)
    while process.poll() is None:
        if (out / 'journal.jsonl').is_file() and len(
            (out / 'journal.jsonl').read_bytes()) > 500:
            process.send_signal(signal.SIGINT)
            break
        time.sleep(0.002)
    stdout, stderr = process.communicate()
    assert process.returncode == 130, stderr
    assert 'give the same command again' in stdout and 'Traceback' not in \
        stderr
    assert not unfinished(out)
    run(tmp_path / 'raw', out, '--workers', 1)
    assert len(read_manifest(out)) == 30


class TestNames:
    """Which file is which clip."""

    @pytest.mark.parametrize('stem, expected', [
        ('AbCdEfGhIjK_000030', ['AbCdEfGhIjK_000030']),
        ('fkP1Yqn0N_0_000000', ['fkP1Yqn0N_0_000000']),
        ('-_-_-_-_-_-_000007', ['-_-_-_-_-_-_000007']),
        ('AbCdEfGhIjK_30', ['AbCdEfGhIjK_000030']),
        ('AbCdEfGhIjK_0', ['AbCdEfGhIjK_000000']),
        ('AbCdEfGhIjK_30_40', ['AbCdEfGhIjK_000030']),
        ('AbCdEfGhIjK_30000_40000', ['AbCdEfGhIjK_000030']),
        ('AbCdEfGhIjK_0_10000', ['AbCdEfGhIjK_000000']),
        ('AbCdEfGhIjK_30000', ['AbCdEfGhIjK_030000', 'AbCdEfGhIjK_000030']),
        ('AbCdEfGhIjK_1030000', ['AbCdEfGhIjK_001030']),
        ('AbCdEfGhIjK', []),
        ('holiday', []),
        ('AbCdEfGhIjK_x', []),
        ('../../../etc_000030', []),
    ])
    def test_forms(self, stem: str, expected: List[str]) -> None:
        found = candidate_ids(stem)
        assert list(dict.fromkeys(found)) == expected

    def test_the_list_decides(self) -> None:
        table = {
            i: dict(label='a', split='test')
            for i in ('AbCdEfGhIjK_000030', 'abcdefghijk_000005',
                      'severalseve_000001', 'severalseve_000002')
        }
        found, unknown = identify([
            'x/AbCdEfGhIjK_30000.mp4', 'abcdefghijk.mkv', 'severalseve.mp4',
            'other.mp4'
        ], table)
        assert found == {
            'AbCdEfGhIjK_000030': ['x/AbCdEfGhIjK_30000.mp4'],
            'abcdefghijk_000005': ['abcdefghijk.mkv']
        }
        assert unknown == ['severalseve.mp4', 'other.mp4']


class TestPlan:
    """What is found, ignored and missing."""

    def test_counts(self, tmp_path: Path,
                    capsys: pytest.CaptureFixture) -> None:
        raw = tmp_path / 'raw'
        first = write_clip(raw, 0)
        shutil.copy(first, raw / f'{clip_id(0)}.webm')
        shutil.copy(first, raw / 'holiday.mp4')
        write_clip(raw, 1)
        os.symlink(tmp_path, raw / 'loop')
        os.symlink('/etc/passwd', raw / f'{clip_id(2)}.mp4')
        listed = tmp_path / 'list.csv'
        listed.write_text(f'{clip_id(0)},a class\r\n{clip_id(2)},b\r\n')
        run(raw, tmp_path / 'out', '--list', listed, '--workers', 1)
        output = capsys.readouterr().out
        assert 'found 1 of 2 listed clips, 1 not found' in output
        assert '1 of 2 clips are ready' in output
        assert "ignored, names that are no clip: 1 ('holiday.mp4')" in output
        assert 'ignored, not listed: 1' in output
        assert 'ignored, symbolic links: 2' in output
        assert ('ignored, other files of the same clip: 1 '
                f"('{clip_id(0)}.webm')") in output
        records = read_manifest(tmp_path / 'out')
        assert list(records[clip_id(0)]['sources']) == [f'{clip_id(0)}.mp4']
        assert records[clip_id(2)] == dict(id=clip_id(2), status='not_found')

    @pytest.mark.parametrize('line', ['../../x_000001', 'a/b', '/etc/passwd'])
    def test_ids_that_leave_the_folder(self, tmp_path: Path,
                                       line: str) -> None:
        write_clip(tmp_path / 'raw', 0)
        (tmp_path / 'list.txt').write_text(f'{clip_id(0)}\n{line}\n')
        with pytest.raises(SystemExit, match='list.txt, line 2.*not an id'):
            run(tmp_path / 'raw', tmp_path / 'out', '--list',
                tmp_path / 'list.txt')
        assert not (tmp_path / 'out').exists()

    @pytest.mark.parametrize('row', [
        '../../../etc,0,a,test', 'AbCdEfGhIjK,-1,a,test',
        'AbCdEfGhIjK,0,a,../../x', 'AbCdEfGhIjK,0,a'
    ])
    def test_rows_of_the_csv(self, tmp_path: Path, row: str) -> None:
        write_clip(tmp_path / 'raw', 0)
        (tmp_path / 'v.csv').write_text(f'AbC-_xyZ000,0,a,test\n{row}\n')
        with pytest.raises(SystemExit, match='v.csv, row 2: expected'):
            run(tmp_path / 'raw', tmp_path / 'out', '--csv',
                tmp_path / 'v.csv')

    def test_nothing_found(self, tmp_path: Path) -> None:
        (tmp_path / 'raw').mkdir()
        with pytest.raises(SystemExit, match='found none'):
            run(tmp_path / 'raw', tmp_path / 'out')
        with pytest.raises(SystemExit, match='no such folder'):
            run(tmp_path / 'absent', tmp_path / 'out')


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """Root may read everything, unless it gives the right away."""
    path = write_clip(tmp_path / 'raw', 0)
    path.chmod(0)
    command = [
        sys.executable,
        str(SCRIPT),
        str(tmp_path / 'raw'),
        str(tmp_path / 'out'), '--workers', '1'
    ]
    if os.geteuid() == 0:
        if shutil.which('setpriv') is None:
            pytest.skip('root without setpriv reads every file')
        drop = '-dac_override,-dac_read_search'
        command = [
            'setpriv', f'--bounding-set={drop}', f'--inh-caps={drop}', *command
        ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f'rights can not be given away: {done.stderr[-200:]}')
    record, = read_manifest(tmp_path / 'out').values()
    assert record['failure'] == 'unreadable'
    assert record['reason'] == 'Permission denied'


def test_too_little_space(tmp_path: Path,
                          monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate is that of the sound and the frames, or a little more."""
    write_vggsound(tmp_path / 'raw', 10, 0)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(runner.shutil, 'disk_usage',
                        lambda path: usage._replace(free=10**6))
    with pytest.raises(SystemExit, match='too little space'):
        run(tmp_path / 'raw', tmp_path / 'out')
    assert not (tmp_path / 'out' / 'audio').exists()
    run(tmp_path / 'raw', tmp_path / 'out', '--no-space-check')
    size = sum(p.stat().st_size for p in (tmp_path / 'out').glob('*/*.*'))
    plan = make_plan(
        Namespace(
            csv=None,
            list=None,
            source=tmp_path / 'raw',
            frame='5.0',
            image_format='jpg'))
    options = MediaOptions(tmp_path / 'raw', tmp_path / 'out')
    assert size < runner.estimate_bytes(plan.clips, options) < 1.5 * size


def test_a_full_disk_stops_the_run(tmp_path: Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no fault of the clip."""
    write_clip(tmp_path / 'raw', 0)

    def full(*args: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(media, 'atomic_path', full)
    with pytest.raises(SystemExit, match='can not write.*No space left'):
        run(tmp_path / 'raw', tmp_path / 'out', '--workers', 1)
    assert not (tmp_path / 'out' / 'manifest.jsonl').exists()
    assert not unfinished(tmp_path / 'out')


def test_a_decoder_that_crashes(tmp_path: Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    """One clip takes its process down; its neighbours are made."""
    for number in range(8):
        write_clip(tmp_path / 'raw', number)
    make_frame = media.MAKERS['frame']

    def crash(output: object, draft: Path, clip: object,
              options: object) -> dict:
        if clip.clip_id == clip_id(3):
            os.kill(os.getpid(), signal.SIGKILL)
        return make_frame(output, draft, clip, options)

    monkeypatch.setitem(media.MAKERS, 'frame', crash)
    run(tmp_path / 'raw', tmp_path / 'out', '--workers', 2)
    records = read_manifest(tmp_path / 'out')
    assert records[clip_id(3)]['failure'] == 'crashed'
    assert [r['status'] for r in records.values()].count('made') == 7
    assert not unfinished(tmp_path / 'out')


@pytest.mark.parametrize(
    'error', [ValueError('odd'), MemoryError('odd')], ids=repr)
def test_an_error_nobody_thought_of(tmp_path: Path, error: Exception,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the clip's, not the run's."""
    write_clip(tmp_path / 'raw', 0)

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setitem(media.MAKERS, 'sound', fail)
    run(tmp_path / 'raw', tmp_path / 'out', '--workers', 1)
    record, = read_manifest(tmp_path / 'out').values()
    assert record['failure'] == 'unexpected'
    assert record['reason'] == f'{type(error).__name__}: odd'
    assert not names(tmp_path / 'out' / 'frames')


@pytest.mark.parametrize('rule, expected', [('first', 0), ('middle', 30),
                                            ('1.29', 12)])
def test_frame_rules(tmp_path: Path, rule: str, expected: int) -> None:
    write_clip(tmp_path / 'raw', 0)
    run(tmp_path / 'raw', tmp_path / 'out', '--frame', rule, '--image-format',
        'png')
    path = tmp_path / 'out' / 'frames' / f'{clip_id(0)}.png'
    assert picture_index(path) == expected
    saved = json.loads((tmp_path / 'out' / 'preparation.json').read_text())
    assert saved['frame'] == rule


def test_random_frames_depend_on_seed_and_id_only(tmp_path: Path) -> None:
    for number in range(6):
        write_clip(tmp_path / 'raw', number)
    times = {}
    for out, seed, workers in (('a', 1, 1), ('b', 1, 2), ('c', 2, 1)):
        run(tmp_path / 'raw', tmp_path / out, '--frame', 'random', '--seed',
            seed, '--workers', workers)
        times[out] = [
            r['outputs'][0]['time']
            for r in read_manifest(tmp_path / out).values()
        ]
    assert times['a'] == times['b'] != times['c']
    assert len(set(times['a'])) == 6 and 0 <= min(times['a'])
    assert max(times['a']) < SECONDS
