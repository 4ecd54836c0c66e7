# Block exchange with a client on js-libp2p, which asks a node for everything, and for what it may not.
load ../common
load ../codex-serve/serve

serves() {
    local cid tree
    start_with 1 $((65536 * 50))
    tree=$(codex-merkle root "$cid")
    run_split timeout 300 node "$CODEX_SOURCE/tests/interop/blockexc-peer.mjs" "$address" "$tree" 50 fetched "$1"
    assert_success
    assert_line 'there 50 of 1024: 0 to 49'
    assert_line --regexp '^blocks 50, at most ([1-9]|1[0-9]|20) a message$'
    assert_line 'absent 1: dont have 1'
    assert_line flood
    assert_line garbage
    assert_line streams
    cmp file fetched
    end_node
    assert_equal "$ended" 0
}

@test "a node serves js-libp2p by mplex" { serves /mplex/6.7.0; }
@test "a node serves js-libp2p by yamux" { serves /yamux/1.0.0; }
