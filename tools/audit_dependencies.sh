#!/usr/bin/env bash
# Look for installed packages that contradict each other (exit code 1) or have
# known vulnerabilities (warnings, because one may be published without any
# change here). The second needs a network: without the database, or after five
# minutes, it is left out, with a line that says so.
#   bash tools/audit_dependencies.sh [--strict] [options of pip-audit]
# --strict: exit code 1 for vulnerabilities too; for releases and scheduled
#     runs. (pip-audit's own --strict has to come second.)
set -euo pipefail

cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python ||
    command -v python3)}
STRICT=0
if [ "${1:-}" = --strict ]; then
    STRICT=1
    shift
fi

"$PYTHON" -m pip check
# In an environment of its own: it needs much that the package doesn't.
auditor=$(mktemp -d)
trap 'rm -rf "$auditor"' EXIT
code=0
timeout -k 10 300 bash -c '
    PYTHON=$1 auditor=$2
    shift 2
    installed=$("$PYTHON" -c \
        "import sysconfig; print(sysconfig.get_path(\"purelib\"))") &&
        "$PYTHON" -m venv "$auditor" && "$auditor/bin/pip" install -q \
        --retries 0 --timeout 10 pip-audit || exit 3
    exec "$auditor/bin/pip-audit" "$@" --progress-spinner off --format json \
        --output "$auditor/report.json" --path "$installed" \
        2>"$auditor/errors"
' audit "$PYTHON" "$auditor" "$@" || code=$?
left_out() {
    echo "audit: left out, because $1" >&2
    exit 0
}
case $code in  # 1: something was found, or the database could not be read
2)
    cat "$auditor/errors" >&2
    exit 2
    ;;
3) left_out 'pip-audit could not be installed' ;;
124 | 137) left_out 'it took more than five minutes' ;;
esac
if [ ! -s "$auditor/report.json" ]; then
    tail -n 1 "$auditor/errors" >&2 || true
    left_out 'the database could not be read'
fi
"$PYTHON" - "$auditor/report.json" "$STRICT" <<'PY'
import json, sys
found = json.load(open(sys.argv[1]))['dependencies']
strict = sys.argv[2] == '1'
known = [package for package in found if 'vulns' in package]
for package in known:
    for fault in package['vulns']:
        print(f'audit: {"error" if strict else "warning"}: '
              f'{package["name"]} {package["version"]}: {fault["id"]}, '
              f'repaired in {", ".join(fault["fix_versions"]) or "no version"}')
print(f'audit: {len(known)} of {len(found)} packages were looked up')
if not known:
    print('audit: left out, because the database knows none of them',
          file=sys.stderr)
sys.exit(strict and any(package['vulns'] for package in known))
PY
