# Downloads over wires that are slow, long and lossy.
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
