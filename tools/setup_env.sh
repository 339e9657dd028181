# Sourced by quickstart.sh and run_tests.sh: sets PYTHON to an interpreter that
# has the package and what it needs.
#   fnac_mm_python WHAT...   WHAT: names of requirements/*.txt

fnac_mm_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Does this interpreter satisfy the named requirement files and the package?
fnac_mm_satisfied() {
    local interpreter=$1
    shift
    # From elsewhere and isolated: a checkout below the current folder must
    # not pass for an installed package.
    (cd / && "$interpreter" -I - "$fnac_mm_root" "$@") <<'PY' 2>/dev/null
import pathlib, sys
from importlib.metadata import PackageNotFoundError, version
from packaging.requirements import Requirement
root = pathlib.Path(sys.argv[1])
others = {'mmcv-lite': 'mmcv', 'opencv-python': 'opencv-python-headless'}
assert sys.version_info >= (3, 10)
for name in sys.argv[2:]:
    for line in (root / 'requirements' / f'{name}.txt').read_text().split('\n'):
        if line and not line.startswith('#'):
            need = Requirement(line)
            try:
                found = version(need.name)
            except PackageNotFoundError:
                found = version(others[need.name])
            assert need.specifier.contains(found, prereleases=True)
import fnac_mm
assert pathlib.Path(fnac_mm.__file__).resolve().parent.parent == root.resolve()
PY
}

fnac_mm_find_python() {
    local name
    for name in python3.11 python3.12 python3.10 python3.13 python3 python; do
        if "$name" -c 'import sys, venv, ensurepip
assert sys.version_info >= (3, 10)' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo 'fnac_mm needs Python >= 3.10 with venv; none was found. On Debian:' \
        'apt-get install python3 python3-venv' >&2
    return 1
}

fnac_mm_python() {
    local active venv="$fnac_mm_root/.venv" base files=() name
    active=$(command -v python || command -v python3 || true)
    if [ -n "$active" ] && fnac_mm_satisfied "$active" "$@"; then
        PYTHON=$active
        echo "environment: the active one ($active)"
        return
    fi
    PYTHON="$venv/bin/python"
    if [ -x "$PYTHON" ] && fnac_mm_satisfied "$PYTHON" "$@"; then
        echo 'environment: .venv'
        return
    fi
    base=$(fnac_mm_find_python)
    echo "environment: making .venv with $("$base" --version)" \
        '(about 5 GB; once)'
    # A stopped installation leaves a folder that pip completes.
    [ -x "$PYTHON" ] && "$PYTHON" -m pip --version >/dev/null 2>&1 \
        || "$base" -m venv --clear "$venv"
    for name in "$@"; do
        files+=(-r "$fnac_mm_root/requirements/$name.txt")
    done
    "$PYTHON" -m pip install --disable-pip-version-check \
        -c "$fnac_mm_root/requirements/constraints.txt" \
        'setuptools<82' wheel packaging "${files[@]}"
    "$PYTHON" -m pip install --disable-pip-version-check --no-deps \
        --no-build-isolation -e "$fnac_mm_root"
}
