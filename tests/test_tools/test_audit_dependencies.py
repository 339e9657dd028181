"""What the audit of the installed packages makes of pip-audit's answers."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Stands in for Python, pip, and pip-audit, which "-m venv" leaves behind.
STAND_IN = """#!/usr/bin/env bash
case "$(basename "$0") $*" in
"python -m pip check") exit "$CHECK_CODE" ;;
"python -m venv "*)
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/pip"
    cp "$0" "$3/bin/pip-audit"
    ;;
"pip "*) exit "$INSTALL_CODE" ;;
"pip-audit "*)
    echo "pip-audit $*"
    exit "$AUDIT_CODE"
    ;;
*) exec "$REAL_PYTHON" "$@" ;;
esac
"""


@pytest.mark.parametrize(
    'codes, expected, strict',
    [
        ((0, 0, 0), 0, 0),
        ((1, 0, 0), 1, 1),  # packages contradict each other
        ((0, 0, 1), 0, 1),  # a vulnerability, or no database
        ((0, 2, 0), 0, 1),  # pip-audit could not be installed
        ((0, 0, 124), 0, 1),  # five minutes are over
        ((0, 0, 2), 2, 2)  # an option that pip-audit does not know
    ])
def test_exit_codes(tmp_path: Path, codes: tuple, expected: int,
                    strict: int) -> None:
    stand_in = tmp_path / 'python'
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    names = ('CHECK_CODE', 'INSTALL_CODE', 'AUDIT_CODE')
    for options, code in (((), expected), (('--strict', ), strict)):
        done = subprocess.run([
            'bash', ROOT / 'tools/audit_dependencies.sh', *options,
            '--no-such option'
        ],
                              env=dict(
                                  os.environ,
                                  PYTHON=str(stand_in),
                                  REAL_PYTHON=sys.executable,
                                  **dict(zip(names, map(str, codes)))),
                              capture_output=True,
                              text=True)
        assert done.returncode == code, done.stderr
        assert ('audit: warning' in done.stderr) == (expected < strict)
        if not codes[0] and not codes[1]:
            assert done.stdout.startswith('pip-audit --no-such option --prog')
