# What is fetched, on its way to where it is wanted.
# At a time: 3
load ../common
load serve

@test "the content comes in order while it is fetched, and no file has its name before all is there" {
    gen 7 30000000 >file
    cid=$(codex-chunk put file)
    # The last blocks are missing there: all but them comes.
    codex-ec erase --blocks 450-457 "$cid" >/dev/null
    start_node
    run_split bash -c "codex-serve -r other fetch $cid --peer $address --to - | cmp - file"
    assert_failure
    assert_stderr --partial 'EOF on -'
    assert_stderr --partial 'no peer has 8 of its 458 blocks, the first of them is 450'
    codex-serve -r third fetch "$cid" --peer "$address" --to - 2>err | head -c 29491200 | cmp -n 29491200 - file
    run_split codex-serve -r other fetch "$cid" --peer "$address" --to copy
    assert_failure 1
    assert_not_exists copy
    codex-chunk put file >/dev/null # which mends it
    codex-serve -r other fetch "$cid" --peer "$address" --to copy
    cmp copy file
    end_node
}

@test "the content comes in order also where a node fetches it, and a range of it" {
    gen 22 30000000 >file
    cid=$(codex-chunk put file)
    # The last blocks are missing there: all but them comes.
    codex-ec erase --blocks 450-457 "$cid" >/dev/null
    start_node
    codex-serve -r other run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >>log2 2>said2 3>&- &
    local second=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2 said2)"
    codex-serve -r other fetch "$cid" --peer "$address" --to - >copy 2>err && fail 'all of it came'
    cmp -n 29491200 copy file
    assert_equal "$(stat -c %s copy)" 29491200
    grep -q 'no peer has 8 of its 458 blocks, the first of them is 450' err || fail "$(cat err)"
    codex-serve -r other fetch "$cid" --peer "$address" --range 5-70000 --to part >/dev/null
    cmp part <(tail -c +6 file | head -c 69996)
    # Who reads no more ends it.
    run_split bash -c "codex-serve -r other fetch $cid --peer $address --to - | head -c 1000000 >begin; echo \${PIPESTATUS[0]}"
    assert_output 141
    assert_stderr ''
    cmp -n 1000000 begin file
    codex-chunk put file >/dev/null # which mends it
    codex-serve -r other fetch "$cid" --peer "$address" --to - | cmp - file
    codex-serve -r other fetch "$cid" --to - | cmp - file # all of it is here
    kill -s TERM "$second"
    wait "$second"
    end_node
}

@test "nothing is written over what is in the repo" {
    cid=$(codex-chunk put <(gen 23 1000))
    cp "$CODEX_REPO/index.mdb" before
    ln -s "$CODEX_REPO/index.mdb" link
    ln -s "$CODEX_REPO" folder
    local to
    for to in "$CODEX_REPO/index.mdb" "$CODEX_REPO/new" link folder/segments/x "$CODEX_REPO/../repo/new"; do
        run_split codex-serve fetch "$cid" --via 'codex-serve stdio' --to "$to"
        assert_failure 73
        assert_stderr --partial "$to: is in the repo"
        assert_stderr --partial 'name a file outside of it'
    done
    cmp before "$CODEX_REPO/index.mdb"
    assert_not_exists "$CODEX_REPO/new"
    codex-serve fetch "$cid" --via 'codex-serve stdio' --to "$CODEX_REPO-copy"
    cmp "$CODEX_REPO-copy" <(gen 23 1000)
}

@test "an error about where the content goes is about that, and says of which dataset" {
    cid=$(codex-chunk put <(gen 23 1000))
    mkfifo fifo
    local to code
    while read -r code to; do
        run_split codex-serve --json fetch "$cid" --timeout 1s --to "$to"
        assert_failure "$code"
        assert_equal "$(head -n 1 <<<"$stderr" | jq -r .object)" "$to"
        run_split codex-serve fetch "$cid" --timeout 1s --to "$to"
        assert_equal "$(grep -o "$to" <<<"${stderr_lines[0]}" | wc -l)" 1 # said once
        refute grep -q "$cid" <<<"$stderr"
    done <<<"73 none/copy
73 $CODEX_REPO/copy
75 fifo
74 /dev/full"
    run_split codex-serve --json fetch "$cid" --to /dev/full
    assert_equal "$(head -n 1 <<<"$stderr" | jq -r .cid)" "$cid"
}

@test "blocks may be as large as those of a dataset can be" {
    gen 24 10000000 >file
    cid=$(codex-chunk put --block-size 4MiB file)
    gen 25 70000000 >large
    most=$(codex-chunk put --block-size 64MiB large)
    start_node
    codex-serve -r other fetch "$cid" --peer "$address" --to - | cmp - file
    codex-serve -r other fetch "$most" --peer "$address" --to - | cmp - large
    # Over the other muxer, and a pipe.
    codex-serve -r third fetch "$most" --via "codex-serve stdio -r $CODEX_REPO" --to - | cmp - large
    end_node
}

@test "who stops reading ends the fetch as a broken pipe does, and what has come stays" {
    gen 8 40000000 >file
    cid=$(codex-chunk put file)
    start_node
    run_split bash -c "codex-serve -r more fetch $cid --peer $address --to - | head -c 1000000 >begin; echo \${PIPESTATUS[0]}"
    assert_output 141
    [[ -z $stderr ]] || fail "$stderr"
    cmp -n 1000000 begin file
    run_split codex-serve -r more fetch "$cid" --peer "$address"
    assert_success
    (($(cut -f 2 <<<"$output") < 611)) || fail "$output"
    end_node
}
