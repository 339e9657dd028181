#!/usr/bin/env bash
# Train with N processes a machine:  bash tools/dist_train.sh CONFIG N [...]
# Several machines: see tools/torchrun.sh.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: bash $0 CONFIG N [options of tools/train.py]" >&2
    exit 2
fi
source "$(dirname "$0")/torchrun.sh"
fnac_mm_torchrun "$2" train.py "$1" --launcher pytorch "${@:3}"
