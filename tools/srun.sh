# Sourced by slurm_train.sh and slurm_test.sh.
#   fnac_mm_srun PARTITION JOB_NAME SCRIPT [...]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS (split into words on
# purpose) are taken from the environment. GPUS_PER_NODE=0 asks for no GPU: the
# processes run on gloo.

fnac_mm_srun() {
    local tools resources per_node=${GPUS_PER_NODE:-8}
    tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    resources=(--ntasks="${GPUS:-8}" --cpus-per-task="${CPUS_PER_TASK:-8}")
    [ "$per_node" -eq 0 ] ||
        resources+=(--gres="gpu:$per_node" --ntasks-per-node="$per_node")
    PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" \
    exec srun -p "$1" --job-name="$2" "${resources[@]}" --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} "${PYTHON:-python}" -u "$tools/$3" "${@:4}"
}
