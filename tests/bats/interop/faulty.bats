# Fetches from a node on js-libp2p that does something wrong, alone and beside one that does not: all of it
# comes, nothing wrong is stored, and who it was is said.
# At a time: 3
load ../common
load ../codex-serve/serve

setup_file() { start_holders; }
teardown_file() { end_holders; }

# Starts the one that does FAULT, by MUXER; its address is $liar.
start_liar() {
    gen 1 $((65536 * 99 + 7)) >file
    start_holder file "$@"
    liar=$theirs
}

# fetches FAULT MUXER CODE WORDS LOG CONDITION [TIME]: of it alone the fetch ends with CODE, after TIME at the latest,
# and says WORDS; beside an honest node it has all, LOG is in its log, with the peer, and CONDITION, in the words of
# jq, holds for what is said of the peer in the end.
fetches() {
    start_liar "$1" "$2"
    # The honest one is there, and does not answer before the other one has done what it does.
    start_node
    kill -s STOP "$node"
    codex-serve -r other fetch "$cid" --peer "$liar" --peer "$address" --json >out 2>err &
    local beside=$! code=0 code1=0
    wait_for 'grep -q "played 1" played' 60 || fail "$(cat played out err)"
    kill -s CONT "$node"
    codex-serve -r alone fetch "$cid" --peer "$liar" --timeout "${7:-3s}" >out1 2>err1 &
    local alone=$!
    wait "$beside" || code=$?
    assert_equal "$code" 0
    codex-chunk -r other get "$cid" | cmp - file
    run_split codex-chunk -r other verify
    assert_success
    [[ -z $5 ]] || grep "${liar##*/}" err | grep -qF "$5" || fail "$(cat err)"
    # Of nothing but time, which a busy machine takes.
    grep '"type":"warning"' err | grep -vF '"message":"nothing comes from ' && fail "$(cat err)"
    run jq "select(.type == \"fetched\") | .peers[] | select(.id == \"${liar##*/}\") | $6" out
    assert_output true
    wait "$alone" || code1=$?
    assert_equal "$code1" "$3"
    [[ -z $4 ]] || grep -qF "$4" err1 || fail "$(cat err1)"
    # It is named where it is why the fetch ended.
    [[ $3 != 76 ]] || grep error: err1 | grep -qF "${liar##*/}" || fail "$(cat err1)"
    [[ ! -e alone ]] || codex-chunk -r alone verify
    refute grep wrong played
    end_node
    end_holder
}

# Of these a peer is left.
lies() { fetches "$1" "$2" 76 "$3" "$3" '.wrong > 0' 60s; }

@test "a block whose data was changed" { lies corrupt /mplex/6.7.0 'the data is not that of the CID'; }
@test "a proof that leads elsewhere" { lies bad-proof /yamux/1.0.0 'the proof leads to root'; }
@test "a proof that is too short" { lies short-proof /mplex/6.7.0 'the proof has 6 nodes instead of 7'; }
@test "no proof" { lies no-proof /yamux/1.0.0 'no proof came with it'; }
@test "a proof that is none" { lies broken-proof /mplex/6.7.0 'the proof is none'; }
@test "the proof of another tree that has the leaf" { lies foreign-proof /yamux/1.0.0 'the proof leads to root'; }
@test "a block under the CID of another" { lies wrong-cid /mplex/6.7.0 'the data is not that of the CID'; }
@test "another block of the same tree" { lies other-block /yamux/1.0.0 'the proof is that of block'; }
@test "a manifest that was changed" { lies manifest /mplex/6.7.0 'the data is not that of the CID'; }

# Whether the honest one is through before anything of these is late depends on how fast it is.
slow() { fetches "$1" "$2" 75 'the time is over' "${3-}" '.blocks < 100'; }
promises() { slow promises /mplex/6.7.0; }
trickle() { slow trickle /yamux/1.0.0; }
oversized() { slow oversized /mplex/6.7.0 exchange_message; }
garbage() { slow garbage /yamux/1.0.0 exchange_message; }

@test "a promise that is not kept, blocks byte by byte, a message that is too long, and what is none" {
    together promises trickle oversized garbage
}

@test "silence" { fetches silent /yamux/1.0.0 75 'the time is over' '' '.blocks == 0'; }
@test "a connection that ends within a block" { fetches dropped /mplex/6.7.0 75 'the time is over' '' '.blocks < 100'; }
@test "a node that has nothing" { fetches empty /yamux/1.0.0 1 'no peer has it' '' '.blocks == 0' 60s; }
@test "blocks of the tree that nobody asked for" {
    fetches unsolicited /yamux/1.0.0 75 'the time is over' '' '.unasked > 64'
}
@test "blocks under the address of another tree" {
    fetches wrong-address /mplex/6.7.0 75 'the time is over' exchange_unasked '.unasked > 64'
}
@test "blocks that belong to nothing" {
    fetches junk /mplex/6.7.0 75 'the time is over' exchange_unasked '.unasked > 64'
}
@test "blocks that come again and again" {
    fetches flood /yamux/1.0.0 75 'the time is over' '' '.unasked > 64'
}
@test "some blocks that come three times" {
    fetches duplicates /mplex/6.7.0 0 '' '' '.unasked > 0 and .blocks > 0' 60s
}
