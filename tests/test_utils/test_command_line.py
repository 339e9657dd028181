"""What the tools do before they load anything."""
import argparse
import os
from pathlib import Path
from unittest import mock

import pytest

from fnac_mm.utils import command_line
from fnac_mm.utils.files import file_digest


@pytest.mark.parametrize('action, code, said', [
    (lambda: 1 // 0, None, ''),
    (lambda: file_digest('no.pth'), 1, "error: [Errno 2] No such file"),
    (lambda: command_line.require_paths(
        argparse.Namespace(data_root='no'), 'data_root'), 1,
     'error: no: no such folder\n'),
    (lambda: (_ for _ in ()).throw(KeyboardInterrupt), 130, 'Ctrl-C'),
])
def test_errors_of_use_are_sentences(action, code, said, capsys) -> None:
    """And those of the program stay what they are."""
    expected = SystemExit if code else ZeroDivisionError
    with pytest.raises(expected) as left, command_line.plain_errors():
        action()
    assert code is None or left.value.code == code
    assert said in capsys.readouterr().err


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
