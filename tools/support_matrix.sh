#!/usr/bin/env bash
# Test the package with the oldest and newest versions of what it needs.
#   bash tools/support_matrix.sh FOLDER ROW... [-- options of pytest]
# Rows:
#   syntax  no environment: the grammar and types of each version
#   oldest  the lower bounds of requirements/*.txt, oldest Python
#   newest  the newest versions there are, newest Python
#   plain   as newest, without the optional packages
# Environments (5 GB each) are made below FOLDER and stay there; later runs
# bring them up to date.
# OLDEST_PYTHON, NEWEST_PYTHON: interpreters; default: python3.10, python3.12.
set -euo pipefail

usage() {
    echo 'usage: bash tools/support_matrix.sh FOLDER ROW...' \
        '[-- options of pytest]; rows: syntax oldest newest plain' >&2
    exit 2
}

[ $# -gt 1 ] && [ "$1" != -- ] && [ "$2" != -- ] || usage
FOLDER=$(mkdir -p "$1" && cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
ROWS=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    ROWS+=("$1")
    shift
done
[ $# -eq 0 ] || shift
PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python ||
    command -v python3)}

check_syntax() {
    local minor
    for minor in 10 12; do
        "$PYTHON" -m ruff check -q --select E9 --target-version "py3$minor" \
            fnac_mm tools tests configs
        "$PYTHON" -m mypy --python-version "3.$minor" fnac_mm
    done
}

# make_environment NAME INTERPRETER [options of uv's resolver]
make_environment() {
    local environment="$FOLDER/$1" interpreter=$2
    local python="$environment/bin/python"
    local requirements=(requirements/{runtime,optional,tests}.txt)
    shift 2
    # uv, because pip has no resolver for the oldest versions
    export UV_CACHE_DIR="$FOLDER/cache" UV_PYTHON_DOWNLOADS=never
    uv() { "$FOLDER/uv/bin/uv" "$@"; }
    if [ ! -x "$FOLDER/uv/bin/uv" ]; then
        "$PYTHON" -m venv "$FOLDER/uv"
        "$FOLDER/uv/bin/pip" install -q --disable-pip-version-check uv
    fi
    [ -x "$python" ] || "$interpreter" -m venv --without-pip "$environment"
    uv pip compile -q --only-binary :all: --no-annotate --python "$python" \
        "$@" -o "$environment/versions.txt" "${requirements[@]}"
    # Compiled, for each test of several processes starts them anew.
    uv pip install -q --python "$python" --only-binary :all: \
        --compile-bytecode -r "$environment/versions.txt" pip wheel
    uv pip install -q --python "$python" --no-deps --no-build-isolation -e .
    if [ "$(basename "$environment")" = plain ]; then
        uv pip uninstall -q --python "$python" -r requirements/optional.txt
    fi
}

# run_tests NAME [options of pytest]
run_tests() {
    local python="$FOLDER/$1/bin/python"
    echo "$1: $("$python" --version), $(grep -E \
        '^(torch|torchvision|torchaudio|numpy|mmengine|mmcv-lite|av)==' \
        "$FOLDER/$1/versions.txt" | tr '\n' ' ')"
    shift
    # One thread a process: torch's threads would fight over the cores.
    OMP_NUM_THREADS=1 MPLBACKEND=Agg "$python" -m pytest \
        -n "${TEST_PROCESSES:-2}" "$@"
}

for row in "${ROWS[@]}"; do
    case $row in
    syntax)
        check_syntax
        continue
        ;;
    oldest)
        make_environment oldest "${OLDEST_PYTHON:-python3.10}" \
            --resolution lowest-direct
        ;;
    newest | plain)
        make_environment "$row" "${NEWEST_PYTHON:-python3.12}"
        ;;
    *)
        echo "unknown row $row" >&2
        exit 2
        ;;
    esac
    run_tests "$row" "$@"
done
