#!/usr/bin/env bash
# Look for installed packages that contradict each other or have known
# vulnerabilities. The second needs a network: without one it is left out.
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
"$auditor/bin/pip-audit" --path "$("$PYTHON" -c \
    'import sysconfig; print(sysconfig.get_path("purelib"))')" "$@"
