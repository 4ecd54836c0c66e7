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

# start_keepers [SPR]: three nodes that know who has $cid: the record of one is $keeper, who they say has it $provider; what they say
# then is in the file kept.
start_keepers() {
    mkfifo hold
    node "$CODEX_SOURCE/tests/interop/dht-keeper.mjs" "$cid" "$@" <hold >kept 2>&1 3>&- &
    holder=$!
    exec 9>hold
    wait_for '[[ -s kept ]]' 60 || fail "$(cat kept)"
    read -r keeper provider <kept
}

@test "who has something is asked of others, and said to them" {
    gen 1 200000 >file
    cid=$(codex-chunk put file)
    start_node
    start_keepers "$(codex-serve spr)"
    run_split codex-serve find "$cid"
    assert_success
    assert_line --partial "$provider"
    run_split codex-serve provide "$cid"
    assert_success
    # To all three: it is one of those next to the content, as they are.
    local port=${address#*/tcp/}
    wait_for '(( $(grep -c "^is told ${address##*/} 127.0.0.1 '"${port%%/*}"'$" kept) >= 3 ))' 60 || fail "$(cat kept)"
    end_node
    assert_equal "$ended" 0
    end_holder
}

@test "who has something is asked where no node serves the repo" {
    cid=zDvZRwzm4vprzLHc9xw25EBjrVJnG2ZugWGpx87YMmYpwprQVhwq
    start_keepers
    run_split codex-serve find "$cid" --bootstrap-node "$keeper"
    assert_success
    assert_line --partial "$provider"
    assert [ "$(grep -c '^is asked$' kept)" -ge 1 ]
    end_holder
}
