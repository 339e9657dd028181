"""What the tools do before they load anything."""
import argparse
import json
import os
import signal
import time
from pathlib import Path
from unittest import mock

import pytest

from fnac_mm.utils import command_line
from fnac_mm.utils.files import file_digest


@pytest.mark.parametrize('action, said', [
    (lambda: file_digest('no.pth'), 'error: .*No such file.*no.pth'),
    (lambda: command_line.require_paths(
        argparse.Namespace(data_root='no'), 'data_root'),
     'error: no: no such folder$'),
    (lambda: command_line.require_paths(
        argparse.Namespace(x=[__file__, 'a.json']), 'x'),
     'error: a.json: no such file$'),
    (lambda: command_line.import_modules(['no.py']), 'error: --import no: '),
    (lambda: json.loads('said elsewhere'), None),
    (lambda: (_ for _ in ()).throw(ValueError('here')), 'error: here'),
    (lambda: (_ for _ in ()).throw(KeyboardInterrupt), '130'),
])
def test_errors_of_use_are_sentences(action, said) -> None:
    """And those of the program stay what they are."""
    expected = SystemExit if said else ValueError
    with pytest.raises(expected, match=said), command_line.plain_errors():
        action()


def test_ids_may_begin_with_a_dash() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('model', nargs='?')
    parser.add_argument('--ids', nargs='+')
    parser.add_argument('--out', type=Path)
    parser.add_argument('--start', type=float)
    words = '-m.pth --out -0je --ids a -b --start -1.5'.split()
    args = command_line.parse_dashed(parser, words)
    assert vars(args) == dict(
        model='-m.pth', out=Path('-0je'), ids=['a', '-b'], start=-1.5)


def test_overrides_need_a_value(capsys) -> None:
    parser = argparse.ArgumentParser()
    command_line.add_run_arguments(parser)
    words = ['--cfg-options', 'a=1', 'b=2=3', '--cfg-options', 'c=']
    assert parser.parse_args(words).cfg_options == ['a=1', 'b=2=3', 'c=']
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', 'a'])
    assert "expected K=V, got 'a'" in capsys.readouterr().err


@pytest.mark.parametrize('user, policy', [
    ({}, 'PASSIVE'),
    (dict(OMP_WAIT_POLICY='ACTIVE'), 'ACTIVE'),
    (dict(GOMP_SPINCOUNT='9'), None),
])
def test_the_users_setting_of_threads_stays(user, policy) -> None:
    with mock.patch.dict(os.environ, user, clear=True):
        command_line.let_idle_threads_sleep()
        assert os.environ.get('OMP_WAIT_POLICY') == policy


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ends_with_a_line_after_tidying_up(
        number: int, capsys: pytest.CaptureFixture) -> None:
    before = signal.getsignal(number)
    tidied = []
    with pytest.raises(SystemExit) as ended, command_line.tidy_exit(
            'it is stopped'):
        try:
            os.kill(os.getpid(), number)
            time.sleep(9)
        finally:
            os.kill(os.getpid(), number)  # of someone who can't wait
            tidied.append(capsys.readouterr().err)
    assert ended.value.code == 128 + number
    assert tidied == [''] and capsys.readouterr().err == 'it is stopped\n'
    assert signal.getsignal(number) is before


def test_other_ends_are_left_alone(capsys: pytest.CaptureFixture) -> None:
    for code in (0, 1, 'error: no such file'):
        with pytest.raises(SystemExit) as ended, command_line.tidy_exit(
                'it is stopped'):
            raise SystemExit(code)
        assert ended.value.code == code
    assert capsys.readouterr().err == ''
