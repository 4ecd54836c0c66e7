# Downloads over wires that are slow, long and lossy.
# At a time: 3
load ../common
load serve

# through_wire DELAY_MS BYTES_PER_SECOND LOSS: $address, but over such a wire.
through_wire() {
    local port=${address#*/tcp/}
    "$CODEX_TEST_BIN/codex-testshaper" "${port%%/*}" "$1" "$2" "$3" 1 >port 3>&- &
    wire=$!
    wait_for 'test -s port' 60
    address=${address/"/tcp/${port%%/*}/"/"/tcp/$(<port)/"}
}

teardown() {
    local process
    for process in ${wire-} ${node-}; do
        kill -s KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
}

@test "a download ends through a wire of 200 ms that loses 5 of 100 segments" {
    gen 1 200000 >file
    cid=$(codex-chunk put file)
    start_node
    through_wire 100 0 0.05
    run_split codex-serve -r other fetch "$cid" --peer "$address" --timeout 300s
    assert_success
    codex-chunk -r other get "$cid" | cmp - file
    run_split codex-chunk -r other verify
    assert_success
}

@test "a download over 100 Mbit/s and 100 ms takes at least its time, and ends" {
    gen 2 20000000 >file
    cid=$(codex-chunk put file)
    start_node
    through_wire 50 12500000 0
    local -i begun=${EPOCHREALTIME/./}
    run_split codex-serve -r other fetch "$cid" --peer "$address" --timeout 300s
    assert_success
    ((${EPOCHREALTIME/./} - begun >= 1600000)) || fail 'the wire was faster than it is'
    codex-chunk -r other get "$cid" | cmp - file
}

@test "what is waited for is said at once, and until when, and what has come stands in the failure" {
    gen 3 30000000 >file
    cid=$(codex-chunk put file)
    start_node
    through_wire 20 3000000 0
    codex-serve -r other fetch "$cid" --peer "$address" --json --timeout 12s >out 2>err 3>&- &
    local fetch=$!
    wait_for "codex-chunk -r other ls 2>/dev/null | grep -q '$cid.*partial [1-9]'" 60 || fail "$(cat out err)"
    kill -s KILL "$node"
    wait_for "grep -q 'no peer is left: it waits until 2' err" 60 || fail "$(cat out err)"
    local code=0
    wait "$fetch" || code=$?
    [[ $code == 69 || $code == 75 ]] || fail "$code $(cat err)"
    assert_equal "$(jq -r .type out)" summary
    (($(jq '.peers[0].bytes' out) > 100000)) || fail "$(cat out)"
    assert_equal "$(jq -r 'select(.type == "error") | .object' err)" "$cid"
    (($(jq 'select(.type == "error") | .peers[0].bytes' err) > 100000)) || fail "$(cat err)"
}
