#!/usr/bin/env bash
# A scheduler here and a worker for each core of other machines, reached by SSH without a password:
#   deploy/dask/ssh.sh 10.0.0.1 alpha beta gamma
# The first argument is this machine's address as the others see it. On each of them the project
# folder has the same path, the same commit and an environment of its own (`make data`). Ctrl-C
# ends all of it; a machine that cannot be reached is told and left out.
set -euo pipefail
here=$1
shift
project=$(cd "$(dirname "$0")/../.." && pwd)
scheduler=tcp://$here:8786
# A worker that is silent for so long is lost; its task is done again by another.
export DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL=60s
trap 'trap - EXIT; kill $(jobs -p) 2>/dev/null; wait' EXIT
"$project/.venv/bin/dask" scheduler --host "$here" --port 8786 --no-dashboard &
for machine in "$@"; do
  # -tt: the worker ends with this connection. Without a scheduler it ends after two minutes.
  ssh -tt -o BatchMode=yes -o ServerAliveInterval=15 "$machine" \
    "cd '$project' && OMP_NUM_THREADS=1 .venv/bin/dask worker $scheduler \
    --nworkers -1 --nthreads 1 --death-timeout 120 --no-dashboard" </dev/null ||
    echo "ssh.sh: $machine has ended; the others go on" >&2 &
done
echo "engine=dask engine.scheduler=$scheduler"
wait
