#!/bin/bash
# tests/reliability/nodes.sh [ports|nets]: CODEX_NODES (10) nodes that know one of them. Each knows enough
# others within ten seconds, and takes little memory. A file of 10 MiB that is put on one is fetched by all, by its CID
# alone, while CODEX_KILLS (as many as nodes) times one of them, or what it fetches with, is killed, or told to
# end, and begins anew. At the end each has every byte.
#
# With ports, which is the default, all are on loopback, and who begins anew is at other ports; with nets each has a
# namespace and an address of its own at a bridge. Ends with 77 where namespaces may not be made.
set -uo pipefail
where=${1:-ports}
if [[ $where == nets && -z ${CODEX_INSIDE:-} ]]; then
    user=()
    [[ $(id -u) == 0 ]] || user=(--map-root-user)
    within=(unshare "${user[@]}" --net --pid --fork --kill-child --mount-proc)
    if ! "${within[@]}" ip link add name bridge0 type bridge; then
        echo 'nodes.sh: skipped: no namespaces of our own here'
        exit 77
    fi
    CODEX_INSIDE=yes exec "${within[@]}" bash "$0" nets
fi
# shellcheck source=tests/reliability/common.bash
source "$(dirname "$0")/common.bash"

nodes=${CODEX_NODES:-10}
kills=${CODEX_KILLS:-$nodes}
last=$((nodes - 1))
RANDOM=$seed
# A table has room for 16 of each part of the ids, and need not have all.
enough=$((last < 64 ? last : 64))
idle_kib=$((40 << 10))
all_kib=$((8 << 20))
declare -A pid host
api=()

teardown() {
    local status=$? file
    trap - EXIT
    exec 2>/dev/null # where bash would name each process that is killed
    for file in "$scratch"/fetcher.* "$scratch"/fetch.*; do
        [[ ! -s $file ]] || kill -s KILL "$(<"$file")"
    done
    kill -s KILL "${pid[@]}" "${host[@]}"
    wait
    ((status != 0)) || rm -rf "$scratch"
    exit "$status"
}
trap teardown EXIT

# until_true CONDITION SECONDS: else the run has failed.
until_true() {
    local end=$((SECONDS + $2))
    until eval "$1"; do
        ((SECONDS < end)) || die "not within $2 s: $1; look at $scratch"
        sleep 0.05
    done
}

# make_net: a bridge, and for each node a namespace with an address, as long as the process ${host[NODE]} is. Each
# knows where the others are: all namespaces together may have only 1024 that have to be asked for.
make_net() {
    local i own others=()
    own=$(readlink /proc/self/ns/net)
    ip link set lo up && ip link add name bridge0 type bridge && ip address add 10.7.255.254/16 dev bridge0 &&
        ip link set bridge0 up || die 'no bridge'
    for ((i = 0; i < nodes; ++i)); do
        unshare --net sleep infinity &
        host[$i]=$!
        others[i]="neighbour replace $(address "$i") lladdr $(hardware "$i") dev eth0 nud permanent"
    done
    for ((i = 0; i < nodes; ++i)); do
        until_true "[[ \$(readlink /proc/${host[$i]}/ns/net) != '$own' ]]" 60
        ip link add "port$i" type veth peer name eth0 address "$(hardware "$i")" netns "${host[$i]}" &&
            ip link set "port$i" up master bridge0 &&
            printf '%s\n' 'link set lo up' "address add $(address "$i")/16 dev eth0" 'link set eth0 up' "${others[@]}" |
            nsenter --target "${host[$i]}" --net ip -batch - || die "no net for node $i"
    done
}
address() { echo "10.7.0.$(($1 + 1))"; }
hardware() { printf '02:00:00:00:00:%02x' "$1"; }

# begin NODE: it serves the repo of its number; what it takes to be known by others is in the file ready.NODE.
begin() {
    local options=(--listen-addrs /ip4/127.0.0.1/tcp/0 --disc-port 0 --api-port 0) prefix=()
    if [[ $where == nets ]]; then
        options=(--listen-addrs "/ip4/$(address "$1")/tcp/8070" --api-bindaddr "$(address "$1")")
        prefix=(nsenter --target "${host[$1]}" --net)
    fi
    (($1 == 0)) || options+=(--bootstrap-node "$spr")
    rm -f "ready.$1"
    "${prefix[@]}" codex-serve -r "repo.$1" run "${options[@]}" --nat none \
        --ready-file "ready.$1" >>"log.$1" 2>&1 &
    pid[$1]=$!
}

# is_ready NODE: it is; where it is asked over HTTP is in api.
is_ready() {
    local fields
    until_true "[[ -s ready.$1 ]]" 120
    IFS=$'\t' read -r -a fields < <(codex-serve -r "repo.$1" health) || die "health of node $1"
    api+=("${fields[3]}/api/codex/v1/debug/info")
}

# all_know COUNT: all nodes have so many others in their tables. One process asks them.
all_know() {
    local counts
    mapfile -t counts < <(curl -sS --max-time 5 "${api[@]}" | jq '.table.nodes | length' | sort -n)
    ((${#counts[@]} == nodes && counts[0] >= $1))
}

# memory_kib FIELD NODE...: of /proc/PID/status, of each.
memory_kib() {
    local i
    for i in "${@:2}"; do
        awk -v field="$1:" '$1 == field { print $2 }' "/proc/${pid[$i]}/status"
    done
}

# fetch_until_whole NODE: as a user who tries again.
fetch_until_whole() {
    local end=$((SECONDS + 300))
    while ((SECONDS < end)); do
        codex-serve -r "repo.$1" fetch "$cid" --timeout 120s >"fetched.$1" 2>>"err.$1" &
        echo $! >"fetch.$1"
        if wait $!; then
            : >"whole.$1"
            return
        fi
    done
}

# disturb NODE: a fetch that is killed, or told to end, tries again; so does one whose node ends, once that is back.
disturb() {
    local signal=KILL fetch
    ((RANDOM % 3 > 0)) || signal=TERM
    if ((RANDOM % 3 == 0)); then
        fetch=$(cat "fetch.$1" 2>/dev/null)
        [[ -z $fetch ]] || kill -s "$signal" "$fetch" 2>/dev/null
        return
    fi
    kill -s "$signal" "${pid[$1]}" || die "node $1 had ended: $(tail -n 3 "log.$1")"
    { wait "${pid[$1]}"; } 2>/dev/null
    begin "$1"
    until_true "[[ -s ready.$1 ]]" 60
}

[[ $where != nets ]] || make_net
begin 0
is_ready 0
spr=$(codex-serve -r repo.0 spr) || die spr
for ((i = 1; i < nodes; ++i)); do
    begin "$i"
done
for ((i = 1; i < nodes; ++i)); do
    is_ready "$i"
done
begun=${EPOCHREALTIME/./}
until_true "all_know $enough" 10
filled=$(((${EPOCHREALTIME/./} - begun) / 1000))
idle=$(memory_kib VmRSS "${!pid[@]}" | sort -n | tail -n 1)
((idle < idle_kib)) || die "an idle node has $idle KiB in memory"

codex-testgen "$seed" $((10 << 20)) >file
holder=$((RANDOM % nodes))
cid=$(codex-chunk -r "repo.$holder" put file | cut -f1)
# Nobody can be through before all that is to end has.
codex-ec -r "repo.$holder" erase --blocks 50-53 "$cid" >/dev/null || die 'erase'
for ((i = 0; i < nodes; ++i)); do
    ((i != holder)) || continue
    fetch_until_whole "$i" 2>/dev/null &
    echo $! >"fetcher.$i"
done
for ((i = 0; i < kills; ++i)); do
    # Of those on loopback the bootstrap node stays: it would be elsewhere, and others begin by it.
    [[ $where == nets ]] && victim=$((RANDOM % nodes)) || victim=$((1 + RANDOM % last))
    disturb "$victim"
done
codex-chunk -r "repo.$holder" put file >/dev/null || die 'put again' # which mends it
for ((i = 0; i < nodes; ++i)); do
    ((i == holder)) || until_true "[[ -e whole.$i ]]" 300
done
total=$(memory_kib VmRSS "${!pid[@]}" | awk '{ sum += $1 } END { print sum }')
((total < all_kib)) || die "all nodes have $total KiB in memory"
for ((i = 0; i < nodes; ++i)); do
    codex-chunk -r "repo.$i" get "$cid" 2>get.err | cmp -s - file || die "node $i: $(<get.err)"
    codex-chunk -r "repo.$i" verify >verify.out 2>&1 || die "node $i: $(<verify.out)"
    kill -0 "${pid[$i]}" || die "node $i had ended: $(tail -n 3 "log.$i")"
done
echo "nodes.sh: $nodes nodes by $where, seed $seed, $kills kills: tables full after $filled ms, $((idle >> 10)) MiB" \
    "at most when idle, $((total >> 10)) in all, every byte on each after $SECONDS s"
