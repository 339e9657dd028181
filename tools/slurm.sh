# Sourced by slurm_train.sh and slurm_test.sh.
#   fnac_mm_srun PARTITION JOB_NAME SCRIPT [...]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS are taken from the
# environment. GPUS_PER_NODE=0 asks for no GPU: the processes run on gloo.

fnac_mm_srun() {
    local tools node=${GPUS_PER_NODE:-8}
    local resources=(--ntasks="${GPUS:-8}" \
        --cpus-per-task="${CPUS_PER_TASK:-8}")
    tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    [ "$node" -eq 0 ] || resources+=(--gres="gpu:$node" \
        --ntasks-per-node="$node")
    # SRUN_ARGS is split into words on purpose.
    PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" \
    exec srun -p "$1" --job-name="$2" "${resources[@]}" --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} "${PYTHON:-python}" -u "$tools/$3" "${@:4}"
}
