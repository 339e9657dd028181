"""Work in processes that crash, raise and are many."""
import os
import subprocess
import sys
import time

import pytest

from fnac_mm.utils.process_map import process_map
from tests.conftest import ROOT


def square(number: int) -> int:
    if number == 13:
        os._exit(9)
    if number < 0:
        raise ValueError(f'{number} is negative')
    return number * number


@pytest.mark.parametrize('chunk', [1, 16])
def test_all_but_what_crashes_is_done_once(chunk):
    done = list(process_map(square, range(100), 2, chunk))
    assert len(done) == 100
    assert dict(done) == {n: None if n == 13 else n * n for n in range(100)}


def test_nothing_is_nothing():
    assert list(process_map(square, [], 2)) == []


def test_errors_reach_the_caller():
    with pytest.raises(ValueError, match='-1 is negative'):
        list(process_map(square, [-1], 1))
    with pytest.raises(ValueError, match='workers'):
        list(process_map(square, [1], 0))
    with pytest.raises(ValueError, match='chunk'):
        list(process_map(square, [1], 1, chunk=0))


def test_items_are_taken_as_they_are_needed():
    taken = []

    def numbers():
        for number in range(14, 2014):
            taken.append(number)
            yield number

    next(process_map(square, numbers(), 1))
    assert len(taken) < 100


ORPHAN = '''
import os, time
from fnac_mm.utils.process_map import process_map
print(os.getpid(), flush=True)
for _, child in process_map(pid_of, range(1), 1):
    print(child, flush=True)
    os._exit(1)
'''


def test_workers_end_with_their_parent(tmp_path):
    (tmp_path / 'job.py').write_text('import os\ndef pid_of(_):\n'
                                     '    return os.getpid()\n' + ORPHAN)
    done = subprocess.run([sys.executable, tmp_path / 'job.py'],
                          env=dict(os.environ, PYTHONPATH=str(ROOT)),
                          capture_output=True,
                          text=True,
                          timeout=60)
    child = int(done.stdout.split()[1])
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        # A zombie nobody waits for answers too.
        with open(f'/proc/{child}/stat') as file:
            if file.read().split()[2] == 'Z':
                return
        time.sleep(0.1)
    pytest.fail('the worker outlives its parent')
