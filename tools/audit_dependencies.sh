#!/usr/bin/env bash
# Look for installed packages that contradict each other (exit code 1) or have
# known vulnerabilities (a warning, because one may be published without any
# change here). The second needs a network: without the database, or after
# five minutes, it is left out, with a line that says so.
#   bash tools/audit_dependencies.sh [--strict] [options of pip-audit]
# --strict: exit code 1 for vulnerabilities, and where the look-up was left
#     out; for releases and scheduled runs.
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
installed=$("$PYTHON" -c \
    'import sysconfig; print(sysconfig.get_path("purelib"))')
# In an environment of its own: it needs much that the package doesn't.
auditor=$(mktemp -d)
trap 'rm -rf "$auditor"' EXIT
"$PYTHON" -m venv "$auditor"
code=1
if "$auditor/bin/pip" install -q --retries 0 --timeout 10 pip-audit; then
    code=0
    timeout -k 10 300 "$auditor/bin/pip-audit" "$@" --progress-spinner off \
        --path "$installed" || code=$?
fi
[ $code != 2 ] || exit 2  # wrong options
if [ $code != 0 ]; then
    echo 'audit: warning: something was found, or the look-up was left out' \
        '(see above)' >&2
    exit $STRICT
fi
