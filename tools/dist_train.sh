#!/usr/bin/env bash
# Usage: tools/dist_train.sh CONFIG PROCESSES [options of train.py]
# One process a GPU; without a GPU the processes share the CPUs (gloo).
set -e
CONFIG=$1
PROCESSES=$2
NNODES=${NNODES:-1}
NODE_RANK=${NODE_RANK:-0}
PORT=${PORT:-29500}
MASTER_ADDR=${MASTER_ADDR:-"127.0.0.1"}

# A signal to this script ends the launcher, which ends its workers.
trap 'interrupted=yes; kill -TERM $! 2>/dev/null || true' TERM INT HUP

PYTHONPATH="$(dirname "$0")/..":$PYTHONPATH \
${PYTHON:-python} -m torch.distributed.run \
    --nnodes="$NNODES" \
    --node_rank="$NODE_RANK" \
    --master_addr="$MASTER_ADDR" \
    --nproc_per_node="$PROCESSES" \
    --master_port="$PORT" \
    "$(dirname "$0")/train.py" \
    "$CONFIG" \
    --launcher pytorch "${@:3}" &
launcher=$!
# Bash knows how the launcher ended even if it did so while a signal interrupted `wait`.
while :; do
    interrupted=
    status=0
    wait "$launcher" || status=$?
    [ -n "$interrupted" ] || exit "$status"
done
