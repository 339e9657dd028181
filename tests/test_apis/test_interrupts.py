"""A command line that is stopped."""
import os
import signal
import time

import pytest

from fnac_mm.apis.interrupts import tidy_exit


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ends_with_a_line_after_tidying_up(
        number: int, capsys: pytest.CaptureFixture) -> None:
    before = signal.getsignal(number)
    tidied = []
    with pytest.raises(SystemExit) as ended, tidy_exit('it is stopped'):
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
        with pytest.raises(SystemExit) as ended, tidy_exit('it is stopped'):
            raise SystemExit(code)
        assert ended.value.code == code
    assert capsys.readouterr().err == ''
