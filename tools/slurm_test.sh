#!/usr/bin/env bash
# Score under Slurm; see tools/srun.sh:
#   GPUS=8 bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [...]
set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: bash $0 PARTITION JOB_NAME CONFIG CHECKPOINT [options]" >&2
    exit 2
fi
source "$(dirname "$0")/srun.sh"
fnac_mm_srun "$1" "$2" test.py "$3" "$4" --launcher slurm "${@:5}"
