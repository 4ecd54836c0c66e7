# Nodes of the versions of codex-exchange(7), OLDER NODES, played on js-libp2p: they fetch from us, and we from them.
load ../common
load ../codex-serve/serve

setup_file() { start_holders; }
teardown_file() { end_holders; }

# from_us VERSION MUXER [TWICE]: TWICE is how many blocks may come twice.
from_us() {
    local cid later
    start_with 1 $((65536 * 50))
    later=$(gen 2 1000 | codex-chunk -r elsewhere block put)
    node "$CODEX_SOURCE/tests/interop/blockexc-fetcher.mjs" "$1" "$address" "$cid" 50 fetched "$2" "${later%%$'\t'*}" \
        >theirs 2>&1 3>&- &
    local fetcher=$! code=0
    wait_for 'grep -q waits theirs || ! kill -0 '"$fetcher" 120
    gen 2 1000 | codex-chunk block put >/dev/null
    wait "$fetcher" || code=$?
    ((code == 0)) || fail "$(cat theirs said log)"
    run cat theirs
    # Who asks again for what is there already gets it twice.
    assert_line --index 0 --regexp "^blocks 50, at most ([1-9]|1[0-9]|20) a message, ${3:-0} twice\$"
    assert_line --index 1 waits
    assert_line --index 2 came
    cmp fetched file
    end_node
    assert_equal "$ended" 0
}

@test "a node of v0.1 fetches from us" { from_us v0.1 /mplex/6.7.0; }
@test "a node of v0.2 fetches from us" { from_us v0.2 /mplex/6.7.0 '[0-9]+'; }
@test "a node of 2025-11 fetches from us" { from_us 2025-11 /mplex/6.7.0; }

# What a running node of 2025-11 has said, and what it was answered.
@test "our answers are those of the reference, byte by byte" {
    local captured=$CODEX_SOURCE/tests/interop/blockexc-captured.mjs captures=$CODEX_SOURCE/tests/vectors/network-captures.json size
    for size in 1 131072 1048576; do
        node "$captured" "$captures" data "$size" | codex-chunk put >/dev/null
    done
    start_node
    run_split timeout 300 node "$captured" "$captures" ask "$address" /mplex/6.7.0
    assert_success
    assert_output '15 answers are the same'
    end_node
}

# from_them VERSION STREAM: all of it comes; of one that lacks a block all but that, and with another node all.
from_them() {
    gen 1 $((65536 * 200)) >file
    start_holder file "$1" /mplex/6.7.0 "$2" 37
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$theirs"
    assert_failure 1
    assert_stderr --partial 'no peer has 1 of its 200 blocks, the first of them is 37'
    run_split codex-serve -r other fetch "$cid" --peer "$theirs" --peer "$address"
    assert_success
    assert_output "$cid"$'\t1\t65536'
    codex-chunk -r other get "$cid" | cmp - file
    codex-chunk -r other verify
    run cat played
    refute_line --partial wrong
    end_node
    end_holder
}

v01() { from_them v0.1 own; }
v02() { from_them v0.2 own; }
of_2025() { from_them 2025-11 own; }
on_our_stream() { from_them 2025-11 same; }
@test "we fetch from nodes of each version, and from one that answers on our stream" {
    together v01 v02 of_2025 on_our_stream
}
