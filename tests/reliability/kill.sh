#!/bin/bash
# tests/reliability/kill.sh: CODEX_KILLS (40) times, starts one or two of put, encode, rm, gc and
# import on one repo and ends them by kill -9 at a random moment (CODEX_SEED decides). After each
# kill the repo must open and verify; every identifier that was printed must be there, or be gone if
# it was printed by rm; every dataset listed must read back byte for byte. At the end all is removed,
# and nothing may be left.
set -uo pipefail
# shellcheck source=tests/reliability/common.bash
source "$(dirname "$0")/common.bash"
# shellcheck source=tests/reliability/model.bash
source "$source_root/tests/reliability/model.bash"

kills=${CODEX_KILLS:-40}
exec {never}<> <(:) # nothing ever arrives here: read -t on it is a pause without a process

# finish NUMBER: waits up to a random moment, kills, and notes what the command acknowledged. The
# moments adapt, so that about every second kill meets a running command.
finish() {
    local number=$1 status=0
    read -rt "$(printf '0.%05d' $(((RANDOM * 32768 + RANDOM) % longest)))" -u "$never"
    kill -9 "${pids[$number]}" 2>/dev/null
    wait "${pids[$number]}" 2>/dev/null || status=$?
    if ((status == 137)); then
        ((++killed))
        ((longest = longest * 33 / 32))
    elif ((status == 0)); then
        ((longest = longest * 31 / 32 + 32))
    else
        die "${commands[$number]}: exit $status: $(<"err$number")"
    fi
    note_answers "$number"
}

codex-chunk init >/dev/null || die init
killed=0 rounds=0
longest=3000 # ten microseconds each
while ((killed < kills)); do
    ((++rounds < kills * 20)) || die "only $killed kills in $rounds rounds met a running command"
    commands=()
    declare -A taken=() gone=()
    start 0
    two=$((RANDOM % 4 == 0))
    ((two)) && start 1
    finish 0
    ((two)) && finish 1
    check
done
expect_nothing_left
echo "kill.sh: $killed kills in $rounds rounds, seed $seed: nothing lost, nothing left"
