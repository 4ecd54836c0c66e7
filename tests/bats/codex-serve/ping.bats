# Whether a node answers.
load ../common
load serve

@test "it says how long each answer took" {
    start_node
    run_split codex-serve ping "$address"
    assert_success
    assert_equal "${#lines[@]}" 4
    local line
    for line in "${lines[@]}"; do
        [[ $line =~ ^16Uiu2HA[0-9A-Za-z]+$'\t'[0-9]+\.[0-9]{3}\ ms$ ]] || fail "$line"
    done
    run_json codex-serve ping --json -c 1 "$address"
    assert_equal "$(jq -r '.type, .id' <<<"$output" | xargs)" "ping ${address##*/}"
    assert_equal "$(jq -r '.microseconds >= 0' <<<"$output")" true
    run_split codex-serve ping -c 0 "$address"
    assert_refused 64 '--count: 0 is less than 1'
    assert_stderr --partial 'see whether it answers at all: codex-serve ping -c 1 ADDRESS'
}

@test "an address that is none, or names no peer, is 64" {
    local wrong id
    codex-serve key new key >/dev/null
    id=$(codex-serve id --net-privkey key)
    for wrong in nonsense /ip4/127.0.0.1/tcp/8070 /ip4/127.0.0.1/tcp/8070/p2p/nobody /ip4/300.0.0.1/tcp/1 \
        "/ip4/127.0.0.1/tcp/0/p2p/$id" "/ip4/127.0.0.1/tcp/80/ws/p2p/$id" "/ip4/127.0.0.1/udp/80/p2p/$id"; do
        run_split codex-serve ping "$wrong"
        assert_refused 64 "$wrong"
    done
    # What is long is cut, and that is seen.
    run_split codex-serve ping "/dns4/$(printf 'a%.0s' {1..200})/tcp/x/p2p/$id"
    assert_failure 64
    assert_stderr --partial 'aaa..."'
    run_split codex-serve ping /ip4/127.0.0.1/tcp/8070
    assert_stderr --partial '/p2p/'
}

@test "nobody there is 69, somebody else 76" {
    start_node
    local other port=${address#*/tcp/}
    codex-serve key new other >/dev/null
    other=$(codex-serve id --net-privkey other)
    run_split codex-serve ping -c 1 "${address%/*}/$other"
    assert_refused 76 "$other"
    end_node
    run_split codex-serve ping -c 1 "/ip4/127.0.0.1/tcp/${port%%/*}/p2p/$other"
    assert_refused 69 "/ip4/127.0.0.1/tcp/${port%%/*}"
}

@test "too few descriptors are 74, whatever was to have one" {
    skip_with_sanitizers # what asks for the type of an object wants a descriptor of its own
    local most id
    codex-serve key new key >/dev/null
    id=$(codex-serve id --net-privkey key)
    for most in {7..30}; do
        run_split bash -c "ulimit -n $most; codex-serve ping --timeout 20s /ip4/127.0.0.1/tcp/1/p2p/$id"
        [[ $status == 69 || $status == 74 || $status == 127 ]] || fail "$most: $status: $stderr"
        [[ $status != 74 ]] || assert_stderr --partial 'ulimit -n'
    done
    assert_equal "$status" 69
    run_split bash -c "ulimit -n 7; codex-serve --json ping /ip4/127.0.0.1/tcp/1/p2p/$id"
    assert_equal "$(jq -r .code <<<"$stderr")" files.exhausted
}

@test "too few descriptors end a fetch, too, whatever was to have one" {
    skip_with_sanitizers # what asks for the type of an object wants a descriptor of its own
    local most cid
    cid=$(gen 1 1000 | codex-chunk put)
    for most in {4..24}; do
        run_split bash -c "ulimit -n $most; exec timeout 60 codex-serve -r other fetch $cid --timeout 1s --via 'codex-serve -r repo stdio'"
        ((status != 124 && status < 128)) || fail "$most: $status: $stderr"
    done
}
