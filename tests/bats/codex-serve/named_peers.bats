# Peers and commands that were named and give nothing: who they are is said, while one waits and at the end. And what
# needs none of them.
# At a time: 4
load ../common
load serve

@test "a command that failed is said to have, also where others gave all" {
    cid=$(codex-chunk put <(gen 1 1000000))
    start_node
    local named
    for named in "--peer $address" "--via=codex-serve stdio -r $CODEX_REPO"; do
        rm -rf other
        if [[ $named == --peer* ]]; then
            run_split codex-serve -r other fetch "$cid" --peer "$address" --via 'echo "it is away" >&2; exit 5' --json
        else
            run_split codex-serve -r other fetch "$cid" "$named" --via 'echo "it is away" >&2; exit 5' --json
        fi
        assert_success
        failed=$(head -1 <<<"$output" | jq -c '.peers | map(select(.error))')
        assert_equal "$(jq length <<<"$failed")" 1
        assert_equal "$(jq -r '.[0].id' <<<"$failed")" 'echo "it is away" >&2; exit 5'
        assert_equal "$(jq -c '.[0] | [.blocks, .failures, .bytesPerSecond]' <<<"$failed")" '[0,1,null]'
        [[ $(jq -r '.[0].error' <<<"$failed") == *'exit status 5: it is away' ]] || fail "$failed"
        warned=$(grep '^{' <<<"$stderr" | jq -c 'select(.type == "warning")')
        assert_equal "$(jq -r .object <<<"$warned")" "$cid"
        [[ $(jq -r .message <<<"$warned") == 'a peer gave nothing: '*'exit status 5: it is away' ]] || fail "$warned"
    done
    end_node
}

@test "a command that says nothing is named while it is waited for, and in the error" {
    cid=$(codex-chunk -r elsewhere put <(gen 2 1000))
    run_split codex-serve fetch "$cid" --via 'echo "who is there" >&2; exec sleep 98766' --timeout 8s --json
    assert_failure 75
    refute pgrep -f 'sleep 98766'
    warned=$(grep '^{' <<<"$stderr" | jq -r 'select(.type == "warning") | .message')
    [[ $warned == 'nothing has come yet from '*'sleep 98766'*': it waits until 2'* ]] || fail "$stderr"
    error=$(grep '^{' <<<"$stderr" | jq -c 'select(.type == "error")')
    [[ $(jq -r .message <<<"$error") == 'the time is over, and nothing is here yet: '*'sleep 98766'*': who is there' ]] ||
        fail "$error"
    assert_equal "$(jq -r '.peers | map(.id) | join("|")' <<<"$error")" 'echo "who is there" >&2; exec sleep 98766'
    # A slip for stdio, which waits for CIDs: what it says at its end stands in the error.
    run_split codex-serve fetch "$cid" --via 'codex-serve -r elsewhere fetch' --timeout 5s
    assert_failure 75
    assert_stderr --partial "'codex-serve -r elsewhere fetch': "
    grep -q 'error: .*exit status [0-9]*: codex-serve: error: ' <<<"$stderr" || fail "$stderr"
}

@test "of what is waited for it is said what has not come, and not that nobody is left" {
    cid=$(codex-chunk -r elsewhere put <(gen 3 1000))
    run_split codex-serve fetch "$cid" --via 'sleep 4.5; exec codex-serve -r elsewhere stdio' --via 'exit 5'
    assert_success
    assert_stderr --partial 'nothing has come yet from'
    refute grep -q 'no peer is left' <<<"$stderr"
    # An address at which nobody answers, with a yes or with a no.
    start_node
    kill -s STOP "$node"
    run_split codex-serve -r new fetch "$cid" --peer "$address" --timeout 6s
    kill -s CONT "$node"
    assert_failure 75
    assert_stderr --partial "nothing has come yet from ${address%/p2p/*}: it waits until 2"
    end_node
}

@test "a peer that was not needed is not warned of, and what is here needs none" {
    gen 4 1000000 >file
    cid=$(codex-chunk put file)
    start_node
    codex-serve -r other fetch "$cid" --peer "$address" --range 0-99 >/dev/null
    run_split codex-serve -r other fetch "$cid" --peer "$address" --to - --range 10-19
    assert_success
    assert_equal "$output" "$(head -c 20 file | tail -c 10 | tr -d '\0')"
    assert_stderr ''
    # Nobody at all.
    end_node
    codex-serve -r other fetch "$cid" --to part --range 10-19
    cmp part <(head -c 20 file | tail -c 10)
    run_split codex-serve fetch "$cid"
    assert_success
    assert_output "$cid"$'\t0\t0'
    assert_stderr ''
    codex-serve fetch "$cid" --to - | cmp - file
    # What is not here needs somebody.
    run_split codex-serve -r other fetch "$cid"
    assert_failure 69
    assert_stderr --partial 'no node serves the repo, and no other is named'
    assert_stderr --partial 'begin one: codex-serve -r other run'
}

@test "the last that is said of the progress of a fetch by a node is that all is here" {
    cid=$(codex-chunk -r source put <(gen 5 20000000))
    codex-serve -r source run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >>log2 2>said2 3>&- &
    holder=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2 said2)"
    codex-chunk init >/dev/null
    start_node
    run_split codex-serve fetch "$cid" --peer "$(cut -f 2 ready2)" --progress json
    assert_success
    last=$(grep '"progress"' <<<"$stderr" | tail -1)
    assert_equal "$(jq -c '.doneBytes == .totalBytes and .doneBytes >= 20000000' <<<"$last")" true
    end_node
    kill -s TERM "$holder"
    wait "$holder"
    holder=
}

@test "what is no CID is called what it is, and what is no dataset can be had as a part of one" {
    cid=$(codex-chunk put <(gen 6 200000))
    block=$(codex-chunk ls --blocks --json | jq -r 'select(.cid // "" | startswith("zDx")) | .cid' | head -1)
    [[ -n $block ]] || block=$(codex-merkle leaves "$cid" | grep -o 'zDx[A-Za-z0-9]*' | head -1)
    tree=$(codex-chunk stat --json "$cid" | grep -o '"treeCid":"[^"]*"' | cut -d '"' -f 4)
    address=/ip4/127.0.0.1/tcp/9/p2p/16Uiu2HAmAkc2KsnFUUAtydmWYaN462v3M3aVsbvR3rzQesmJqwqE
    run_split codex-serve -r other fetch "$address" "$cid"
    assert_stderr --partial 'is the address of a node, and not a CID'
    assert_stderr --partial "did you mean: --peer $address"
    local one
    for one in "$cid@3" "$block" "$tree"; do
        [[ -n $one ]] || continue
        run_split codex-serve -r other fetch "$one" --peer "$address"
        assert_failure 65
        assert_stderr --partial -- '--range'
        refute grep -q codex-chunk <<<"$stderr"
    done
    assert_not_exists other
}

@test "an error about a file or a folder has it as its object" {
    mkdir photos && touch photos/one
    codex-serve key new mykey >/dev/null
    about() {
        run_split "${@:3}" --json
        assert_failure "$1"
        assert_equal "$(grep '^{' <<<"$stderr" | jq -r 'select(.type == "error") | .object')" "$2"
        assert_equal "$(jq -r .exit <<<"$stderr")" "$1"
    }
    about 66 nosuch codex-serve key check nosuch
    about 66 nosuch codex-serve id --net-privkey nosuch
    assert_equal "$(jq -c .remedies <<<"$stderr")" '["make_node_key","name_file"]'
    about 73 mykey codex-serve key new mykey
    assert_equal "$(jq -c .remedies <<<"$stderr")" '["name_output","describe_file"]'
    about 65 photos codex-serve key check photos
    about 73 photos codex-serve run -d photos
    about 73 photos codex-serve run -r photos
    about 69 "$CODEX_REPO" codex-serve health
    start_node
    about 75 "$CODEX_REPO" codex-serve run
    end_node
}

@test "a node is found by the name of its host" {
    gen 6 100000 >file
    cid=$(codex-chunk put file)
    start_node
    codex-serve -r other fetch "$cid" --peer "${address/\/ip4\/127.0.0.1//dns4/localhost}" --to - | cmp - file
    end_node
}
