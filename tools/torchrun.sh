# Sourced by dist_train.sh and dist_test.sh.
#   fnac_mm_torchrun N SCRIPT [...]   SCRIPT in N processes on this machine
# Several machines, the same command on each, in one of two ways:
#   NNODES, NODE_RANK, MASTER_ADDR, PORT   fixed places: rank 0 is on NODE_RANK=0
#   NNODES, RDZV_ENDPOINT=HOST:PORT        the machines find each other (c10d);
#       RDZV_ID tells jobs with one endpoint apart, LOCAL_ADDR is the address of
#       this machine where its name does not resolve.

fnac_mm_torchrun() {
    local tools python machines
    tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    python=${PYTHON:-$(command -v python || echo python3)}
    machines=(--nnodes="${NNODES:-1}")
    if [ -n "${RDZV_ENDPOINT:-}" ]; then
        machines+=(--rdzv_backend=c10d --rdzv_endpoint="$RDZV_ENDPOINT" \
            --rdzv_id="${RDZV_ID:-fnac_mm}")
        [ -z "${LOCAL_ADDR:-}" ] || machines+=(--local_addr="$LOCAL_ADDR")
    else
        machines+=(--node_rank="${NODE_RANK:-0}" \
            --master_addr="${MASTER_ADDR:-127.0.0.1}" \
            --master_port="${PORT:-29500}")
    fi
    PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" \
    exec "$python" -m torch.distributed.run "${machines[@]}" \
        --nproc_per_node="$1" "$tools/$2" "${@:3}"
}
