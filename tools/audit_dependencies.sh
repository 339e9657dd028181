#!/usr/bin/env bash
# Look for installed packages that contradict each other or have known
# vulnerabilities; exit code 1 if there are. The second needs a network:
# without the database it is left out, with a line that says so.
#   bash tools/audit_dependencies.sh [options of pip-audit]
set -euo pipefail

cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python ||
    command -v python3)}

"$PYTHON" -m pip check
# In an environment of its own: it needs much that the package doesn't.
auditor=$(mktemp -d)
trap 'rm -rf "$auditor"' EXIT
"$PYTHON" -m venv "$auditor"
if ! "$auditor/bin/pip" install -q --retries 0 --timeout 10 pip-audit; then
    echo 'audit: left out, because pip-audit could not be installed' >&2
    exit 0
fi
"$auditor/bin/pip-audit" --progress-spinner off --format json \
    --output "$auditor/report.json" --path "$("$PYTHON" -c \
    'import sysconfig; print(sysconfig.get_path("purelib"))')" "$@" \
    2>"$auditor/errors" || true  # 1 also if something was found
if [ ! -s "$auditor/report.json" ]; then
    tail -n 1 "$auditor/errors" >&2
    echo 'audit: left out, because the database could not be read' >&2
    exit 0
fi
"$PYTHON" - "$auditor/report.json" <<'PY'
import json, sys
found = json.load(open(sys.argv[1]))['dependencies']
known = [package for package in found if 'vulns' in package]
for package in known:
    for fault in package['vulns']:
        print(f'audit: {package["name"]} {package["version"]}: {fault["id"]}, '
              f'repaired in {", ".join(fault["fix_versions"]) or "no version"}')
print(f'audit: {len(known)} of {len(found)} packages were looked up')
if not known:
    print('audit: left out, because the database knows none of them',
          file=sys.stderr)
sys.exit(any(package['vulns'] for package in known))
PY
