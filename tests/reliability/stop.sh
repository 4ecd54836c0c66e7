#!/bin/bash
# tests/reliability/stop.sh: for CODEX_SECONDS (10) four of put, encode, rm, gc and import at a time
# in one repo; one of them is stopped (SIGSTOP) at a random moment (CODEX_SEED decides). The others, and
# a put that begins now, must end without it: with their result, or with 75 after --lock-timeout. Then
# it goes on (SIGCONT), or is killed. After each round the repo must verify and hold what was
# acknowledged; at the end all is removed, and nothing may be left.
set -uo pipefail
# shellcheck source=tests/reliability/common.bash
source "$(dirname "$0")/common.bash"
# shellcheck source=tests/reliability/model.bash
source "$source_root/tests/reliability/model.bash"

seconds=${CODEX_SECONDS:-10}
patience=120 # seconds after which a process that should have ended hangs; machines may be busy
# shellcheck disable=SC2034 # model.bash gives them to every command
options=(--lock-timeout 1s)
exec {never}<> <(:) # nothing ever arrives here: read -t on it is a pause without a process

# ended PID: is there no child of that number any more? (bash has taken note of its end, then.)
ended() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    [[ $stat != *') '[!Z]" $$ "* ]] # state, parent
}

# end_all: nothing that was stopped or waits is left behind.
end_all() {
    local pid
    for pid in "${pids[@]}"; do
        ended "$pid" || kill -KILL "$pid" 2>/dev/null
    done
    rm -rf "$scratch"
}
trap end_all EXIT

# await NUMBER: waits for the command, takes its answers, and counts those that gave up.
await() {
    local number=$1 status=0 deadline=$((SECONDS + patience))
    until ended "${pids[$number]}"; do
        ((SECONDS < deadline)) ||
            die "${commands[$number]} (process ${pids[$number]}) hangs while ${commands[$victim]} is stopped"
        read -rt 0.01 -u "$never"
    done
    wait "${pids[$number]}" 2>/dev/null || status=$?
    case $status in
    0) ;;
    75)
        ((++gave_up))
        grep -q 'process [0-9]' "err$number" || die "75 without the holder: $(<"err$number")"
        ;;
    137) ((killed_one && number == victim)) || die "${commands[$number]}: killed by nobody" ;;
    *) die "${commands[$number]}: exit $status: $(<"err$number")" ;;
    esac
    note_answers "$number"
}

codex-chunk init >/dev/null || die init
stops=0 gave_up=0 rounds=0 killed_one=0
longest=3000 # ten microseconds each
until ((SECONDS >= seconds && stops > 0)); do
    ((++rounds < 1000 * (stops + 1))) || die 'no stop meets a running command'
    commands=() killed_one=0 victim=$((RANDOM % 4))
    declare -A taken=() gone=()
    for number in {0..3}; do
        start "$number"
    done
    read -rt "$(printf '0.%05d' $(((RANDOM * 32768 + RANDOM) % longest)))" -u "$never"
    if ended "${pids[$victim]}"; then
        ((longest = longest * 31 / 32 + 32))
    else
        kill -STOP "${pids[$victim]}" 2>/dev/null
        ((++stops))
        ((longest = longest * 33 / 32))
    fi
    start 4
    for number in {0..4}; do
        ((number == victim)) || await "$number"
    done
    killed_one=$((RANDOM % 2))
    ended "${pids[$victim]}" ||
        kill "-$( ((killed_one)) && echo KILL || echo CONT)" "${pids[$victim]}" 2>/dev/null
    await "$victim"
    check
done
expect_nothing_left
echo "stop.sh: $stops stops in $rounds rounds, $gave_up gave up, seed $seed: nothing lost, nothing hung"
