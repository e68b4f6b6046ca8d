#!/usr/bin/env bash
# What a machine does that works for the study alone, a rented one (sky.yaml) or one of a SLURM job (MACHINES.md):
#
#     bash stages/study/machine.sh RANK MACHINES HEAD
#
# They are a Ray cluster of their own: number 0, the HEAD (its name or address), starts Ray, waits for the others, runs
# the study and ends; the others work for it until its Ray is gone. From the environment:
#   HOURS      after them the study is interrupted, as by Ctrl-C, however far it is; 12
#   COMMAND    run by the head alone, without Ray, in place of the study, such as one `dvc exp run`; then it is pushed
#   RAY_AUTH_TOKEN   the same secret on all machines: who reaches a Ray without one can run anything there
#   WAIT       seconds in which all machines must have come; 300
#   RAY_PORT, DASHBOARD_PORT, CLIENT_PORT   of the head; 6379, 8265, 10000: SkyPilot's own Ray has 6380, 8266, 10001
# `ray stop` stands nowhere: it ends every Ray of the machine, SkyPilot's too, which is what turns the machine off.
set -euo pipefail
rank=$1 machines=$2

fail() {
    echo "error: $1" >&2
    exit 1
}

# End what runs, in its order: the command (SIGINT: the study cancels its cells), then Ray.
job='' ray=''
stop() {
    [ -z "$job" ] || { kill -INT "$job" && wait "$job"; } 2>/dev/null || true
    [ -z "$ray" ] || { kill "$ray" && wait "$ray"; } 2>/dev/null || true
    [ -z "$ray" ] || kill -KILL -- "-$ray" 2>/dev/null || true # what Ray leaves
    job='' ray=''
}
trap stop EXIT
trap 'exit 143' INT TERM

# Run a command no longer than HOURS; SIGKILL two minutes after SIGINT.
bounded() {
    local status=0
    set -m # a process group of its own, in which SIGINT counts
    timeout --signal=INT --kill-after=120 "${HOURS:-12}h" bash -c "$1" &
    set +m
    job=$!
    wait "$job" || status=$?
    job=''
    [ "$status" != 124 ] && [ "$status" != 137 ] || fail "not done after HOURS, ${HOURS:-12}: the same command goes on"
    return "$status"
}

if [ -n "${COMMAND:-}" ]; then
    [ "$rank" = 0 ] || exit 0
    bounded "$COMMAND"
    bounded "dvc exp push --run-cache --rev HEAD origin"
    exit
fi

head=$(getent ahostsv4 "$3" | awk 'NR == 1 { print $1 }') || fail "no address is known for the head, $3"
[ -n "${RAY_AUTH_TOKEN:-}" ] || fail "RAY_AUTH_TOKEN is not set: \`openssl rand -hex 32\`, the same for all machines"
export RAY_AUTH_MODE=token RAY_ADDRESS="$head:${RAY_PORT:-6379}" # what `study.cluster: auto` takes

listens() {
    timeout 5 bash -c "exec 3<>/dev/tcp/${RAY_ADDRESS/://}" 2>/dev/null
}

start() {
    set -m
    ray start --disable-usage-stats --block "$@" &
    set +m
    ray=$!
}

# Whether the head has ended: Ray itself would wait a minute for it to come back, and leave two processes.
gone() {
    for _ in 1 2 3; do
        ! listens || return 1
        sleep 2
    done
}

until_listens() {
    until listens; do
        [ "$rank" != 0 ] || kill -0 "$ray" 2>/dev/null || fail "Ray did not start"
        [ "$SECONDS" -lt "${WAIT:-300}" ] || fail "no Ray at $RAY_ADDRESS after ${WAIT:-300} seconds"
        sleep 1
    done
}

if [ "$rank" != 0 ]; then
    until_listens
    until gone; do # a Ray that ended for another reason starts again
        start --address "$RAY_ADDRESS"
        while kill -0 "$ray" 2>/dev/null && ! gone; do sleep 5; done
        kill -KILL -- "-$ray" 2>/dev/null || true # it would ask the head's leave to go
        wait "$ray" || true
        ray=''
    done
    exit 0
fi

own=()
[[ $head == 127.* ]] || own=(--node-ip-address "$head") # Debian calls a machine 127.0.1.1, which no other one reaches
start --head "${own[@]}" --port "${RAY_PORT:-6379}" --dashboard-port "${DASHBOARD_PORT:-8265}" \
    --ray-client-server-port "${CLIENT_PORT:-10000}"
until_listens
python - "$machines" "${WAIT:-300}" <<'END'
import sys
import time

import ray

wanted, seconds = int(sys.argv[1]), float(sys.argv[2])
ray.init(log_to_driver=False)
until = time.monotonic() + seconds
while (count := sum(node["Alive"] for node in ray.nodes())) < wanted:
    if time.monotonic() > until:
        sys.exit(f"error: {count} of {wanted} machines have come after {seconds:.0f} seconds")
    time.sleep(1)
END
bounded "python -m stages.study"
