# Hints of codex-serve about itself: its process, its memory, its lists and numbers.
load ../common
load ../codex-serve/serve
load hints

@test "a node whose socket is gone" {
    start_node
    rm "$CODEX_REPO/node/control.sock"
    run_split codex-serve health
    hint 'if it has just begun, wait for it: codex-serve health --wait 30s; else end it, which loses nothing: kill {}; and begin it again: codex-serve run'
    pasted 'kill'
    wait "$node"
    node=
    start_node
    run_split codex-serve health
    assert_success
    end_node
}

@test "a node that has begun and ended" {
    start_theirs
    codex-serve health --wait 300s >answer 2>waited 3>&- &
    local waiting=$!
    # Again, where it had ended before the other one looked for the first time.
    while kill -s 0 "$waiting" 2>/dev/null; do
        codex-serve run -i "$theirs" >/dev/null 2>&1 && fail 'its port is taken'
        wait_for "! kill -s 0 $waiting" 5 2>/dev/null || true
    done
    wait "$waiting" && fail "$(cat answer)"
    said() {
        cat waited >&2
        return 69
    }
    run_split said
    hint 'its log says why; begin it again: codex-serve run'
    start_node # at another port
    codex-serve health >/dev/null
    end_node
    end_theirs
}

@test "an element too many, and a number too small" {
    start_node
    run_split codex-serve run --peer "$address,"
    hint 'perhaps it is a variable that was never set, or a comma too many'
    run_split codex-serve -r other fetch "$(gen 1 10 | codex-chunk put)" --peer "$address $address"
    assert_refused 64 "--peer: \"$address $address\" is no ADDRESS"
    hint 'several are given with commas between them'
    run_split codex-serve ping -c 0 "$address"
    hint 'see whether it answers at all: codex-serve ping -c 1 ADDRESS'
    end_node
}

@test "a variable with a wrong value, and a slot beside a range" {
    run_split env CODEX_MAX_PEERS=0 codex-serve run
    hint 'give it another value, or none: unset {}'
    run_split codex-serve fetch "$(gen 1 10 | codex-chunk put)" --slot 1 --range 1-2
    hint 'fetch the slot by itself, and the content by a command of its own'
}

@test "places that a node cannot make" {
    : >file
    run_split codex-serve run --data-dir file
    assert_failure 73
    hint 'name a folder of its own, which is made: --data-dir DIR'
    run_split codex-serve run --net-privkey none/key
    assert_failure 73
    hint 'make the folder first: mkdir -p {}'
    pasted 'mkdir -p'
    start_node --net-privkey none/key
    end_node
}

@test "something else than a dataset to fetch" {
    start_with 1 1000000
    run_split codex-serve -r other fetch "$address" "$cid"
    hint 'did you mean: --peer {}'
    codex-serve -r other fetch --peer "$address" "$cid"
    run_split codex-serve -r new fetch "$cid@3" --peer "$address"
    hint 'of a part of it, --range names the bytes; take the whole dataset: {}'
    pasted 'codex-serve '
    assert_success
    run_split codex-serve -r new fetch "$(codex-chunk stat --json "$cid" | grep -o '"treeCid":"[^"]*"' | cut -d '"' -f 4)" --peer "$address"
    hint 'a dataset is fetched by its own CID, zDv..., all of it, or, with --range, the blocks that have some of its bytes'
    codex-serve -r third fetch "$cid" --range 10-20 --peer "$address"
    end_node
}

@test "a data folder where a repo is meant" {
    codex-serve run -d data -i /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60
    unset CODEX_REPO
    run_split codex-serve -r data health
    assert_equal "$status" 69
    hint 'that is a data folder, with the repo in it: --repo {}/repo'
    codex-serve --repo data/repo stop
    wait "$node"
    node=
}

@test "a FIFO where a node reads its settings again" {
    : >settings
    CODEX_CONFIG=settings start_node
    rm settings
    mkfifo settings
    run_split timeout 60 codex-serve reload
    assert_equal "$status" 78
    hint 'what a node that serves reads again has to be a file that stays'
    end_node
}

@test "what a router is to let in, in another order" {
    run_split codex-serve router add 8070 tcp
    assert_refused 64 'TRANSPORT: 8070: neither tcp nor udp'
    hint 'name tcp for connections, udp for datagrams, in front of the port'
}

@test "a router that is named as no way knows it" {
    run_split codex-serve router show --by upnp --router 192.0.2.1
    assert_refused 64 '--router: 192.0.2.1: no URL'
    hint 'as a line of it has it: codex-serve router show --by upnp; for example: --router http://192.0.2.1:5000/root.xml'
    run_split codex-serve router show --by pmp --router http://127.0.0.1:9/root.xml
    assert_refused 64 '--router: http://127.0.0.1:9/root.xml: no address of IPv4'
    hint 'it is that of the gateway, for example: --router 192.0.2.1'
    run_split codex-serve router add tcp 8070 --by pmp --router 127.0.0.1 --to 192.0.2.1
    assert_refused 64 '--to: 192.0.2.1: no address of this host'
    hint 'name one of its own, or none, and the one is taken that leads to the router'
    # All of these are taken, and the router, which there is not, refuses.
    run_split codex-serve router show --by upnp --router http://127.0.0.1:9/root.xml --timeout 1s
    assert_equal "$status" 1
    run_split codex-serve router add tcp 8070 --by pmp --router 127.0.0.1 --to 127.0.0.1 --timeout 1s
    assert_equal "$status" 1
}

@test "an end for a node that is not there, and an address where none is" {
    codex-chunk init
    run_split codex-serve stop
    assert_equal "$status" 69
    hint 'there is nothing to end; where a node serves another repo, name that: codex-serve --repo OTHER stop'
    start_node
    local at=$address
    codex-serve --repo "$CODEX_REPO" stop
    wait "$node"
    node=
    run_split codex-serve ping -c 1 "$at"
    assert_equal "$status" 69
    hint 'see there whether it runs, and at which address, for its port may be another one each time: codex-serve --repo OTHER health'
    CODEX_REPO=$PWD/other start_node # a key of its own
    run_split codex-serve -r other connect "$at"
    hint 'see there whether it runs, and at which address, for its port may be another one each time: codex-serve --repo OTHER health'
    codex-serve ping -c 1 "$(codex-serve --repo other health | cut -f 3)"
    end_node
}

@test "an address where somebody else answers, or nobody in time" {
    start_node
    local spr
    spr=$(codex-serve spr)
    codex-serve key new other.key >/dev/null
    run_split codex-serve ping -c 1 "${address%/p2p/*}/p2p/$(codex-serve id --net-privkey other.key)"
    assert_equal "$status" 76
    hint 'see the address of the node that is meant there, which ends in its id: codex-serve --repo OTHER health'
    codex-serve ping -c 1 "$(codex-serve --repo "$CODEX_REPO" health | cut -f 3)"
    kill -s STOP "$node"
    run_split codex-serve ping -c 1 --timeout 1s "$address"
    assert_equal "$status" 75
    hint 'give it longer: --timeout 2s; or see there whether it runs, and at which address: codex-serve --repo OTHER health'
    part 'or see there whether it runs, and at which address: codex-serve --repo OTHER health'
    run_split codex-serve -r nobody find --bootstrap-node "$spr" --timeout 1s zDvZRwzm9ezdooNwoCQrwsV3QWuQmQ2SuWtpFiB36JKakZ7BpmuT
    assert_equal "$status" 75
    hint 'give it longer: --timeout 2s'
    kill -s CONT "$node"
    codex-serve ping -c 1 --timeout 20s "$address"
    end_node
}

@test "a pipe that something else writes to" {
    gen 1 1000000 >file
    cid=$(codex-chunk put file)
    run_split codex-serve -r other fetch "$cid" --via 'echo Welcome to this host; cat >/dev/null'
    hint 'nothing but the other node may write to that pipe, no greeting of a shell either'
    run_split codex-serve -r other fetch "$cid" --via 'codex-serve stdio -r nowhere'
    assert_equal "$status" 69
    hint 'name another command: --via COMMAND; or name another node that may have it: --peer ADDRESS'
    codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO"
}
