#!/usr/bin/env bash
# Score with N processes a machine:
#   bash tools/dist_test.sh CONFIG CHECKPOINT N [...]
# Several machines: see tools/torchrun.sh.
set -euo pipefail

if [ $# -lt 3 ]; then
    echo "usage: bash $0 CONFIG CHECKPOINT N [options of tools/test.py]" >&2
    exit 2
fi
source "$(dirname "$0")/torchrun.sh"
fnac_mm_torchrun "$3" test.py "$1" "$2" --launcher pytorch "${@:4}"
