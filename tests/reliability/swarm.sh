#!/bin/bash
# tests/reliability/swarm.sh: eight processes put, get, encode and remove in one repo for
# CODEX_SECONDS (5), while the last of them collects garbage and verifies. Each keeps a model of
# what it has put under its own names; the contents are shared, so that all refer to the same blocks.
# At the end the repo must hold exactly the union of the models, all of it readable.
set -uo pipefail
# shellcheck source=tests/reliability/common.bash
source "$(dirname "$0")/common.bash"

seconds=${CODEX_SECONDS:-5}
for i in {0..5}; do
    codex-testgen "$i" $((30000 + i * i * 60000)) >"file$i"
done
codex-chunk init >/dev/null || die init

# worker NUMBER: random work until the time is over; its datasets are in model$1 as "CID FILE" lines.
worker() {
    local number=$1 count=0 choice file cid made
    declare -A mine=() coded=()
    RANDOM=$((seed * 100 + number))
    while ((SECONDS < seconds)); do
        choice=$((RANDOM % 10)) file=file$((RANDOM % 6))
        local keys=("${!mine[@]}")
        cid=${keys[RANDOM % (${#keys[@]} + 1)]:-}
        if ((choice < 4 || ${#keys[@]} == 0)); then
            cid=$(codex-chunk put - --name "$number-$((++count))" <"$file" 2>"err$number" | cut -f1)
            [[ -n $cid ]] || return
            mine[$cid]=$file
        elif ((choice < 6)) && [[ -n $cid ]]; then
            codex-chunk get "$cid" 2>"err$number" | cmp -s - "${mine[$cid]}" || return
        elif ((choice < 7)) && [[ -n $cid && ! -v coded[$cid] && ${mine[$cid]} != file0 ]]; then
            made=$(codex-ec encode -k 2 -m 1 "$cid" 2>"err$number" | cut -f1)
            [[ -n $made ]] || return
            mine[$made]=${mine[$cid]}
            coded[$made]=1
        elif [[ -n $cid ]]; then
            codex-chunk rm "$cid" >/dev/null 2>"err$number" || return
            unset "mine[$cid]"
        fi
    done
    for cid in "${!mine[@]}"; do
        echo "$cid ${mine[$cid]}"
    done >"model$number"
}

# collector NUMBER: gc and verify in turn, whatever the others do.
collector() {
    while ((SECONDS < seconds)); do
        codex-chunk gc >/dev/null 2>"err$1" || return
        codex-chunk verify >"err$1" 2>&1 || return
    done
    : >"model$1"
}

SECONDS=0
for number in {1..7}; do
    worker "$number" &
done
collector 8 &
wait
for number in {1..8}; do
    [[ -e model$number ]] || die "process $number stopped: $(<"err$number")"
done

sort model? >model
codex-chunk ls | cut -f1 | sort >listed
cut -d' ' -f1 model | cmp -s - listed || die "ls and the models differ: $(diff model listed)"
codex-chunk verify >verify.out 2>&1 || die "verify: $(<verify.out)"
while read -r cid file; do
    same_bytes "$cid" "$file" || die "$cid differs: $(<get.err)"
done <model
count=$(wc -l <model)
expect_nothing_left
echo "swarm.sh: 8 processes, $seconds s, seed $seed: $count datasets at the end, all as they should be"
