#!/usr/bin/env bash
# Train under Slurm; see tools/srun.sh:
#   GPUS=16 bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [...]
set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: bash $0 PARTITION JOB_NAME CONFIG WORK_DIR [options]" >&2
    exit 2
fi
source "$(dirname "$0")/srun.sh"
fnac_mm_srun "$1" "$2" train.py "$3" --work-dir "$4" --launcher slurm "${@:5}"
