# Hints of nodes: of addresses, and of what is fetched from others.
# At a time: 8
load ../common
load ../codex-serve/serve
load hints

setup() {
    codex_setup
    gen 1 1000000 >file
    cid=$(codex-chunk put --block-size 16KiB file) # 62 blocks
}

@test "no node to fetch from" {
    run_split env CODEX_REPO=other codex-serve fetch "$cid"
    hint 'begin one: codex-serve run; or name one that has it: --peer ADDRESS; its address is shown where it runs: codex-serve --repo OTHER health; or let those that have it be found: --bootstrap-node SPR'
    start_node
    codex-serve -r other fetch "$cid" --peer "$address" --to - | cmp - file
    codex-serve -r third fetch "$cid" --bootstrap-node "$(codex-serve spr)" --to - | cmp - file
    end_node
}

@test "an address that names no node" {
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "${address%/p2p/*}"
    hint 'put /p2p/ and the id of the node behind it; where it runs, all of it is shown: codex-serve --repo OTHER health'
    codex-serve --repo "$CODEX_REPO" health | grep -F "$address"
    codex-serve -r other fetch "$cid" --peer "${address%/p2p/*}/p2p/$(codex-serve id)" --to - | cmp - file
    end_node
}

@test "an address that nobody can listen at" {
    run_split codex-serve run --listen-addrs /dns4/example.org/tcp/8070
    hint 'for example /ip4/0.0.0.0/tcp/8070'
    run_split codex-serve run -i 127.0.0.1:8070
    assert_equal "$status" 64
    hint 'for example /ip4/0.0.0.0/tcp/8070'
    run_split env CODEX_LISTEN_ADDRS=x codex-serve run
    assert_equal "$status" 78
    hint 'for example /ip4/0.0.0.0/tcp/8070'
    start_node # with an address of that kind
    end_node
    run_split codex-serve run --listen-addrs /ip4/192.0.2.1/tcp/0
    assert_equal "$status" 78
    hint 'listen at one of its own, or at all: --listen-addrs /ip4/0.0.0.0/tcp/8070'
}

@test "a port that is taken" {
    start_node
    local at=${address%/p2p/*}
    run_split codex-serve -r other run --listen-addrs "$at"
    hint 'name another port, or 0 for any that is free: --listen-addrs {}/0'
    end_node
    start_node --listen-addrs "${stderr##*--listen-addrs }"
    end_node
}

@test "a second node of a repo" {
    start_node
    run_split codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0
    hint 'see the node: codex-serve health; end it: codex-serve stop'
    pasted 'codex-serve health'
    assert_success
    run_split codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0
    pasted 'codex-serve stop'
    assert_success
    wait "$node"
    # That of a data folder is named.
    codex-serve run -d data --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    run_split codex-serve run -d data --listen-addrs /ip4/127.0.0.1/tcp/0
    pasted 'codex-serve -r data/repo stop'
    assert_success
    wait "$node"
    node=
}

@test "a node that does not answer" {
    start_node
    kill -s STOP "$node"
    run_split codex-serve health --wait 1s
    hint 'wait longer; or end it at once, which loses nothing: kill -KILL {}'
    pasted 'kill -KILL'
    assert_success
    wait "$node" || true
    start_node
    run_split codex-serve health --wait 60s
    assert_success
    end_node
}

@test "one program more than may ask at a time is told to try again, and not that the node is gone" {
    start_node
    codex-serve health
    mkfifo until
    # shellcheck disable=SC2016 # this is Perl
    perl -MIO::Socket::UNIX -e '
        $| = 1;
        my @held = map { IO::Socket::UNIX->new($ARGV[0]) or die } 1 .. 64;
        print "held\n";
        <STDIN>;' "$CODEX_REPO/node/control.sock" <until >held 2>&1 3>&- &
    local holder=$!
    exec 8>until
    wait_for 'grep -q held held'
    local command
    for command in health "fetch zDvZRwzm9ezdooNwoCQrwsV3QWuQmQ2SuWtpFiB36JKakZ7BpmuT" stop; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve $command
        assert_failure 75
        assert_stderr --partial '64 programs ask this node, which are as many as may at a time'
        hint 'try again when one of them has ended'
    done
    exec 8>&-
    wait "$holder"
    holder=
    wait_for 'codex-serve health'
    end_node
}

@test "a folder that is no data folder" {
    mkdir -m 755 things empty
    touch things/photo
    run_split codex-serve run -d things --listen-addrs /ip4/127.0.0.1/tcp/0
    hint 'name a folder of its own, which is made: --data-dir DIR'
    run_split codex-serve run -d empty --listen-addrs /ip4/127.0.0.1/tcp/0
    hint 'if nothing else is in it, restrict it: chmod 700 {}'
    pasted 'chmod 700'
    assert_success
    run_split codex-serve -r other run -d empty --listen-addrs /ip4/127.0.0.1/tcp/0
    hint 'give one of them; the repo of a data folder is repo in it'
    codex-serve run -d empty --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    end_node
}

@test "no node that serves the repo" {
    run_split codex-serve peers
    hint 'begin one: codex-serve run'
    start_node
    codex-serve peers
    end_node
}

@test "a slot of what has none" {
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$address" --slot 0
    hint 'only verifiable datasets have slots; of this one fetch all, or a range'
    codex-serve -r other fetch "$cid" --peer "$address"
    end_node
}

@test "something else at the end of a pipe, and at that of stdio" {
    codex-chunk -r elsewhere import <(codex-chunk export "$cid") >/dev/null
    run_split codex-serve -r other fetch "$cid" --via 'echo Welcome; codex-serve stdio -r elsewhere'
    hint 'nothing but the other node may write to that pipe, no greeting of a shell either'
    codex-serve -r other fetch "$cid" --via 'echo Welcome >&2; codex-serve stdio -r elsewhere'
    NO_COLOR=1 script -qec "codex-serve stdio -r elsewhere" /dev/null </dev/null >seen && status=0 || status=$?
    stderr=$(tr -d '\r' <seen)
    hint 'it is for who fetches, as his --via'
    codex-serve -r third fetch "$cid" --via 'codex-serve stdio -r elsewhere'
}

@test "something else where the node has its folder" {
    mkfifo "$CODEX_REPO/node"
    run_split codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0
    hint 'move it away, and a new one is made'
    mv "$CODEX_REPO/node" away
    start_node
    end_node
}

@test "content for a terminal" {
    start_node
    NO_COLOR=1 script -qec "codex-serve -r other fetch $cid --peer $address --to -" /dev/null </dev/null >seen && status=0 ||
        status=$?
    stderr=$(tr -d '\r' <seen)
    hint 'name a file, or put a pipe behind it'
    codex-serve -r other fetch "$cid" --peer "$address" --to copy >/dev/null
    cmp copy file
    codex-serve -r third fetch "$cid" --peer "$address" --to - | cmp - file
    end_node
}

@test "not all comes in time" {
    bring_some
    start_node
    kill -s STOP "$node"
    run_split codex-serve -r other fetch "$cid" --peer "$address" --timeout 1s
    hint 'what has come stays, and the same command goes on from there'
    kill -s CONT "$node"
    codex-serve -r other fetch "$cid" --peer "$address" --to - | cmp - file
    end_node
}

# bring_some: 40 of the blocks into the other repo.
bring_some() {
    codex-chunk -r other init >/dev/null
    CODEX_REPO=$PWD/other "$CODEX_TEST_BIN/codex-testpartial" "$CODEX_REPO" "$cid" --leaves 40 >/dev/null
}

@test "only some blocks of a dataset are here" {
    bring_some
    run_split codex-chunk -r other get "$cid"
    part 'fetch it, which brings what is missing: codex-serve fetch CID --peer ADDRESS'
    hint "fetch it, which brings what is missing: codex-serve -r other fetch $cid --peer ADDRESS"
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_output "$cid"$'\t22\t360448'
    codex-chunk -r other get "$cid" | cmp - file
    end_node
}

# other_tree: the file of the tree of what is here of the dataset.
other_tree() { find other/writers -type f -size +1k; }

@test "what is here of a tree is damaged" {
    start_node
    bring_some
    printf 'junk' | dd of="$(other_tree)" conv=notrunc status=none
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    part 'remove what is here of it: codex-chunk rm CID; then fetch it again: codex-serve fetch CID --peer ADDRESS'
    hint "remove what is here of it: codex-chunk -r other rm $cid; then fetch it again: codex-serve -r other fetch $cid --peer ADDRESS"
    codex-chunk -r other rm "$cid"
    codex-serve -r other fetch "$cid" --peer "$address" --to - | cmp - file
    end_node
}

@test "what is here of a tree is gone" {
    start_node
    bring_some
    rm "$(other_tree)"
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_equal "$status" 65
    hint "remove what is here of it: codex-chunk -r other rm $cid; then fetch it again: codex-serve -r other fetch $cid --peer ADDRESS"
    codex-chunk -r other rm "$cid"
    codex-serve -r other fetch "$cid" --peer "$address" --to - | cmp - file
    end_node
}

@test "who reads the content is too slow for the time it may take" {
    start_node
    mkfifo slow
    exec 9<>slow # nobody reads it
    run_split bash -c "codex-serve fetch $cid --to - --timeout 1s >slow"
    assert_equal "$status" 75
    hint 'what has come stays, and the same command writes it'
    exec 9>&-
    codex-serve fetch "$cid" --to - --timeout 60s | cmp - file
    end_node
}

@test "the file of the content is in the repo" {
    run_split codex-serve -r other fetch "$cid" --via codex-serve\ stdio\ -r\ "$CODEX_REPO" --to other/copy
    assert_equal "$status" 73
    hint 'name a file outside of it'
    codex-serve -r other fetch "$cid" --via codex-serve\ stdio\ -r\ "$CODEX_REPO" --to copy
    cmp copy file
}

@test "a FIFO that nobody reads" {
    mkfifo ready
    run_split timeout 20 codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready
    hint 'name a file, or let somebody read it first'
    exec 8<>ready # open before the node looks, whoever is faster
    head -n 1 <&8 >came 3>&- &
    codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -s came' 60
    end_node
}

@test "the data folder of a node of the reference" {
    gen 2 5000 >small # of one block, whose place is known
    cid=$(codex-chunk put small)
    codex-chunk export --to-nim nim "$cid" >/dev/null
    run_split codex-serve run -d nim --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_equal "$status" 78
    hint 'serve another one, and take over what is in this: codex-chunk --repo OTHER import --from-nim {}'
    codex-chunk --repo other import --from-nim nim >/dev/null
    codex-chunk --repo other get "$cid" | cmp - small
}

@test "no node has it" {
    start_node
    lost=$(codex-chunk -r elsewhere put <(gen 2 1000))
    run_split codex-serve -r other fetch "$lost" --peer "$address"
    hint 'name another node that may have it: --peer ADDRESS'
    codex-chunk put <(gen 2 1000) >/dev/null
    codex-serve -r other fetch "$lost" --peer "$address"
    end_node
}

@test "a node that has no peers" {
    lost=$(codex-chunk -r elsewhere put <(gen 3 1000))
    start_node
    run_split codex-serve fetch "$lost"
    hint 'connect the node with one that has it: codex-serve connect ADDRESS; or name one: --peer ADDRESS'
    codex-serve -r elsewhere run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >log2 2>said2 3>&- &
    local second=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2 said2)"
    codex-serve connect "$(cut -f 2 ready2)"
    codex-serve fetch "$lost"
    kill -s TERM "$second"
    wait "$second"
    end_node
}

@test "the beginning of a CID, for nodes" {
    start_node
    run_split codex-serve -r other fetch "${cid:0:16}" --peer "$address"
    hint 'name it by its whole CID; nodes that have it know nothing of beginnings'
    codex-serve -r other fetch "$cid" --peer "$address"
    end_node
}

@test "the server of a pipe on a terminal" {
    on_terminal 'codex-serve stdio'
    hint 'it is for who fetches, as his --via'
    codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO"
}

@test "the node ends while it fetches" {
    codex-serve -r source run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >/dev/null 2>&1 3>&- &
    local source=$!
    wait_for 'test -e ready2' 60
    start_node
    codex-serve connect "$(cut -f 2 ready2)" >/dev/null
    kill -s STOP "$source"
    wanted=$(codex-chunk -r source put <(gen 20 1000))
    codex-serve fetch "$wanted" >out 2>err &
    local fetch=$!
    wait_for '[[ $(ls -l /proc/'"$fetch"'/fd 2>/dev/null | grep -c socket) -ge 1 ]]' 60
    end_node
    status=0
    wait "$fetch" || status=$?
    stderr=$(<err)
    assert_equal "$status" 69
    hint 'what has come stays, and the same command goes on from there; begin the node again first: codex-serve run'
    part 'begin the node again first: codex-serve run'
    kill -s CONT "$source"
    start_node --peer "$(cut -f 2 ready2)"
    wait_for 'codex-serve peers | grep -q .' 60
    codex-serve fetch "$wanted"
    end_node
    kill "$source"
    wait "$source" || true
}

@test "a quota that is less than the dataset says what all of it needs, and for how much it is enough" {
    codex-chunk -r other init --quota 300KiB >/dev/null
    run_split codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO"
    assert_refused 74 'more needed for all of it'
    hint 'raise the quota: {}'
    [[ $stderr != *'remove datasets'* ]] || fail "nothing is here to remove: $stderr"
    pasted 'codex-chunk -r other init'
    assert_success
    codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO"
    # Where there is something to remove, that is on the list, too.
    codex-chunk -r third init --quota 300KiB >/dev/null
    codex-chunk -r third put <(gen 5 1000) >/dev/null
    run_split codex-serve -r third fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO" --json
    assert_failure 74
    assert_equal "$(jq -c 'select(.type == "error").remedies' <<<"$stderr")" '["remove_datasets","raise_quota"]'
}
