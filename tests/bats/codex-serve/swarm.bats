# A file that is put on one node reaches all others, whatever is killed meanwhile.
load ../common
load serve

# run_node I: node I serves its repo; its process number is in pid.I, its address in the file ready.I.
run_node() {
    rm -f "ready.$1"
    codex-serve -r "repo.$1" run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file "ready.$1" \
        >>"log.$1" 2>&1 3>&- &
    echo $! >"pid.$1"
}

kill_node() {
    local pid
    pid=$(<"pid.$1")
    kill -s KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# fetch_until_whole I COUNT: as a user who tries again, and asks all that are there.
fetch_until_whole() {
    local other options address
    local -i until=SECONDS+240
    while ((SECONDS < until)); do
        options=()
        for ((other = 0; other < $2; ++other)); do
            [[ $other != "$1" ]] || continue
            address=$(cut -f 2 "ready.$other" 2>/dev/null) || continue # it is being killed
            [[ -z $address ]] || options+=(--peer "$address")
        done
        codex-serve -r "repo.$1" fetch "$cid" --timeout 60s "${options[@]}" >>"fetched.$1" 2>>"err.$1" &
        echo $! >"fetch.$1"
        if wait $!; then
            touch "whole.$1"
            return
        fi
    done
    return 1
}

# kill_fetch I: the command that fetches into repo I, wherever it is.
kill_fetch() {
    wait_for "kill -s KILL \"\$(<fetch.$1)\" 2>/dev/null" 60 || fail "node $1 fetches nothing: $(cat "err.$1")"
}

# kill_one I: its node, or what it fetches with, by itself or through the node; a node begins anew.
kill_one() {
    ((RANDOM % 2 == 0)) || { kill_fetch "$1"; return; }
    kill_node "$1"
    ((RANDOM % 2 == 0)) || kill_fetch "$1" # which goes on by itself meanwhile
    run_node "$1"
    wait_for "test -s ready.$1" 120 || fail "$(cat "log.$1")"
}

space_of() { codex-chunk -r "repo.$1" space --json | grep -o '"totalBlocks.*"deadBytes":[0-9]*'; }

teardown() {
    local file
    for file in fetcher.* pid.* fetch.*; do
        [[ -s $file ]] || continue
        kill -s KILL "$(<"$file")" 2>/dev/null || true
    done
    wait 2>/dev/null || true
}

# swarm COUNT KILLS: node 0 has the file, and leaves for ever when another has all of it.
swarm() {
    local -i count=$1 kills=$2 i victim
    gen 7 20000000 >file
    cid=$(codex-chunk -r repo.0 put file)
    # Nobody can be through before the kills are.
    codex-ec -r repo.0 erase --blocks 300-305 "$cid" >/dev/null
    RANDOM=${SEED:-7}
    for ((i = 0; i < count; ++i)); do
        [[ -d repo.$i ]] || codex-chunk -r "repo.$i" init
        run_node "$i"
    done
    for ((i = 0; i < count; ++i)); do
        wait_for "test -s ready.$i" 120 || fail "$(cat "log.$i")"
    done
    for ((i = 1; i < count; ++i)); do
        fetch_until_whole "$i" "$count" 3>&- &
        echo $! >"fetcher.$i"
    done
    for ((i = 0; i < kills; ++i)); do
        victim=$((1 + RANDOM % (count - 1)))
        kill_one "$victim"
    done
    codex-chunk -r repo.0 put file >/dev/null # which mends it
    wait_for 'compgen -G "whole.*" >found' 240 || fail "$(cat err.* log.*)"
    kill_node 0
    rm ready.0
    codex-chunk -r repo.0 gc
    for ((i = 1; i < count; ++i)); do
        wait "$(<"fetcher.$i")" || fail "node $i: $(cat "err.$i" "log.$i")"
        codex-chunk -r "repo.$i" get "$cid" | cmp - file
        run_split codex-chunk -r "repo.$i" verify
        assert_success
        # As much as where it was put: no block is there twice, nor what a killed fetch began.
        codex-chunk -r "repo.$i" gc
        diff <(space_of 0) <(space_of "$i")
    done
}

@test "two nodes: killed while it fetches, the other one has the file at the end" {
    swarm 2 4
}

@test "eight nodes: killed at random, all have the file, and whoever put it may leave" {
    swarm 8 12
}
