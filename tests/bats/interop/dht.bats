# The DHT with peers that know it from its page alone, written in another language with another library's keys and ciphers.
# At a time: 4
load ../common
load ../codex-serve/serve

# speaks SCRIPT LINE...: a node, and tests/interop/SCRIPT, which says these lines; then the node ends as it should.
speaks() {
    local spr
    start_node
    spr=$(grep -om1 'spr=spr:[A-Za-z0-9_-]*' log | cut -c 5-)
    run_split timeout 600 node "$CODEX_SOURCE/tests/interop/$1" "$spr"
    assert_success
    assert_equal "$output" "$(printf '%s\n' "${@:2}")"
    end_node
    assert_equal "$ended" 0
    assert_equal "$(<said)" ''
}

@test "what plays the peers is right itself" {
    run_split node "$CODEX_SOURCE/tests/interop/dht-vectors.mjs" "$CODEX_SOURCE"/tests/vectors/network{,-captures}.json
    assert_success
    assert_output 'all right'
}

@test "each kind of message, both ways, and lists over several datagrams" {
    speaks dht-peer.mjs 'a session' 'findNode, talkReq' providers 'is told of nodes' 'tells of nodes'
}

@test "newer and older records, lost keys, crossed handshakes" {
    speaks dht-changes.mjs 'newer records' 'records of elsewhere' 'we have lost the keys' 'it has lost the keys' 'crossed handshakes'
}

@test "forged and repeated packets, fields of other lengths, garbage, floods" {
    speaks dht-rude.mjs strangers 'forged handshakes' 'changed and repeated handshakes' 'challenges that answer nothing' messages garbage \
        'a flood'
}
