# The folder that has the key of a node and its repo (--data-dir).
load ../common
load serve

@test "a data folder has the key and the repo, for its owner alone" {
    codex-serve run -d data --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    assert_equal "$(stat -c %a data)" 700
    assert_equal "$(cat said)" ''
    assert_equal "$(cut -f 1 ready)" "$(codex-serve id --net-privkey data/key)"
    codex-serve -r data/repo health
    codex-chunk -r data/repo ls
    end_node
    assert_equal "$ended" 0
    # As a node has left it, it is restricted again.
    chmod 755 data
    rm -f ready
    codex-serve run -d data --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    assert_equal "$(stat -c %a data)" 700
    grep -q 'warning: data: ' said
    end_node
    CODEX_DATA_DIR=far/away/new// codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log said)"
    assert_equal "$(stat -c %a far/away/new)" 700
    assert_equal "$(cat said)" ''
    end_node
}

@test "a folder of other things is no data folder, and keeps its mode" {
    local way
    mkdir -m 755 things shared shared/repo empty
    touch things/photo 'shared/other'
    : >things/.hidden
    mkdir -m 755 keyed
    codex-serve key new keyed/key >/dev/null
    find things shared empty keyed | sort >before
    run_split codex-serve run -d things --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_refused 73 'things: not a data folder, and not empty'
    for way in shared empty keyed; do
        run_split codex-serve run -d "$way" --listen-addrs /ip4/127.0.0.1/tcp/0
        assert_refused 77 "$way: a data folder is for its owner alone: its mode is 0755, not 0700"
    done
    # Where others have their things, too, a whole one changes nothing.
    codex-serve run -d sticky --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    end_node
    chmod 1777 sticky
    run_split codex-serve run -d sticky --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_refused 77 'sticky: a data folder is for its owner alone: its mode is 1777, not 0700'
    assert_equal "$(stat -c %a things shared empty keyed sticky | xargs)" '755 755 755 755 1777'
    find things shared empty keyed | sort | cmp - before
    # And with all of it given, what is there is used.
    chmod 700 keyed
    codex-serve run -d keyed --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    assert_equal "$(cut -f 1 ready)" "$(codex-serve id --net-privkey keyed/key)"
    end_node
}

@test "a data folder and a repo at once are two repos; the command line goes before the other" {
    run_split codex-serve -r other run -d data --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_refused 64 '--data-dir and --repo'
    assert [ ! -e data ]
    assert [ ! -e other ]
    CODEX_DATA_DIR=data codex-serve -r other run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    codex-serve -r other health
    assert [ ! -e data ]
    end_node
}

@test "the data folder of a node of the reference is 78 and stays as it is" {
    gen 1 100000 >file
    local cid way
    cid=$(codex-chunk put file)
    codex-chunk export --to-nim nim "$cid" >/dev/null
    find nim | sort >before
    for way in '-d nim' '-r nim' '-r nim/repo'; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve run $way --listen-addrs /ip4/127.0.0.1/tcp/0
        assert_refused 78 'node of the reference'
        assert_stderr --partial 'codex-chunk --repo OTHER import --from-nim nim'
    done
    find nim | sort | cmp - before
}
