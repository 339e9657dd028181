"""What the audit of the installed packages makes of pip-audit's answers."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

KNOWN_FAULT = [{
    'name': 'pillow',
    'version': '10.0.0',
    'vulns': [{
        'id': 'CVE-0000-1',
        'fix_versions': ['10.0.1']
    }]
}, {
    'name': 'numpy',
    'version': '2.0.0',
    'vulns': []
}]
UNKNOWN = [{'name': 'fnac_mm', 'skip_reason': 'not found'}]

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
    echo "$*" >"$ARGUMENTS"
    echo 'what pip-audit says' >&2
    while [ "$1" != --output ]; do shift; done
    printf %s "$REPORT" >"$2"
    exit "$AUDIT_CODE"
    ;;
*) exec "$REAL_PYTHON" "$@" ;;
esac
"""


@pytest.fixture
def audit(tmp_path):
    stand_in = tmp_path / 'python'
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)

    def run(*options: str,
            packages: list | None = None,
            check: int = 0,
            install: int = 0,
            code: int = 0) -> subprocess.CompletedProcess:
        report = '' if packages is None else json.dumps(
            {'dependencies': packages})
        return subprocess.run(
            ['bash', ROOT / 'tools/audit_dependencies.sh', *options],
            env=dict(
                os.environ,
                PYTHON=str(stand_in),
                REAL_PYTHON=sys.executable,
                ARGUMENTS=str(tmp_path / 'arguments'),
                REPORT=report,
                CHECK_CODE=str(check),
                INSTALL_CODE=str(install),
                AUDIT_CODE=str(code)),
            capture_output=True,
            text=True)

    return run


def test_contradiction_fails(audit) -> None:
    assert audit(check=1, packages=UNKNOWN).returncode == 1


@pytest.mark.parametrize('option, code', [((), 0), (('--strict', ), 1)])
def test_vulnerability_warns_unless_strict(audit, option, code) -> None:
    assert audit(*option, packages=KNOWN_FAULT[1:]).returncode == 0
    run = audit(*option, packages=KNOWN_FAULT, code=1)
    assert run.returncode == code, run.stderr
    assert ('pillow 10.0.0: CVE-0000-1, repaired in 10.0.1') in run.stdout
    assert '2 of 2 packages were looked up' in run.stdout


@pytest.mark.parametrize('answer, reason', [
    (dict(code=1), 'database could not be read'),
    (dict(packages=UNKNOWN), 'knows none of them'),
    (dict(install=2), 'could not be installed'),
    (dict(code=124), 'five minutes'),
])
def test_look_up_left_out(audit, answer, reason) -> None:
    run = audit(**answer)
    assert run.returncode == 0, run.stderr
    assert 'left out' in run.stderr and reason in run.stderr


def test_misused_options_fail(audit, tmp_path: Path) -> None:
    run = audit('--no-such option', code=2)
    assert run.returncode == 2 and 'what pip-audit says' in run.stderr
    arguments = (tmp_path / 'arguments').read_text()
    assert arguments.startswith('--no-such option --progress-spinner off')
