#!/usr/bin/env bash
# Usage: tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [options of test.py]
# One process a GPU; without a GPU the processes share the CPUs (gloo).
set -e
CONFIG=$1
CHECKPOINT=$2
PROCESSES=$3
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
    "$(dirname "$0")/test.py" \
    "$CONFIG" \
    "$CHECKPOINT" \
    --launcher pytorch "${@:4}" &
launcher=$!
# Bash knows how the launcher ended even if it did so while a signal interrupted `wait`.
while :; do
    interrupted=
    status=0
    wait "$launcher" || status=$?
    [ -n "$interrupted" ] || exit "$status"
done
