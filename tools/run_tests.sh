#!/usr/bin/env bash
# Set up what is missing, then run the tests.
#   bash tools/run_tests.sh [--lint] [options of pytest]
# --lint also checks format, types and docstrings.
set -euo pipefail

cd "$(dirname "$0")/.."
source tools/setup_env.sh

LINT=0
if [ "${1:-}" = --lint ]; then
    LINT=1
    shift
fi
if [ $LINT = 1 ]; then
    fnac_mm_python runtime optional tests lint
    "$PYTHON" -m yapf --diff --recursive fnac_mm tools tests configs setup.py
    "$PYTHON" -m isort --check-only --diff fnac_mm tools tests setup.py
    "$PYTHON" -m ruff check fnac_mm tools tests setup.py
    PYTHON="$PYTHON" bash tools/audit_dependencies.sh
    "$PYTHON" -m mypy fnac_mm
    "$PYTHON" -m interrogate -c pyproject.toml fnac_mm tools
else
    fnac_mm_python runtime optional tests
fi
# One thread a process: torch's threads would fight over the cores.
export OMP_NUM_THREADS=1 MPLBACKEND=Agg
exec "$PYTHON" -m pytest -n "${TEST_PROCESSES:-2}" "$@"
