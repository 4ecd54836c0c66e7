# Block exchange over pipes: fetch --via, and codex-serve stdio at the other end.
# At a time: 6
load ../common
load serve

@test "a dataset comes over a pipe, whole, and only what is missing the next time" {
    gen 1 20000000 >file
    cid=$(codex-chunk put file)
    run_split codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO" --range 0-999999
    assert_success
    run_split codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO" --json
    assert_success
    assert_stderr ''
    assert_line --index 0 --partial '"blocksFetched":290'
    assert_line --index 0 --partial "\"id\":\"codex-serve stdio -r $CODEX_REPO\"" # as it was given
    codex-chunk -r other get "$cid" | cmp - file
    # Nobody is left over.
    refute pgrep -f "stdio -r $CODEX_REPO"
}

@test "of a dataset that is whole a command is asked nothing, and both ends end well" {
    cid=$(codex-chunk put <(gen 5 1000000))
    local round
    for round in {1..20}; do
        run_split codex-serve fetch "$cid" --via "codex-serve stdio; echo \$? >>codes"
        assert_success
        assert_output "$cid"$'\t0\t0'
        assert_stderr ''
    done
    assert_equal "$(sort -u codes)" 0
    assert_equal "$(wc -l <codes)" 20
    # Also one that has much to say.
    gen 6 30000000 >file
    cid=$(codex-chunk put file)
    run_split codex-serve -r other fetch "$cid" --range 0-20000000 \
        --via "codex-serve stdio -r $CODEX_REPO; echo \$? >>codes"
    assert_success
    assert_stderr ''
    assert_equal "$(sort -u codes)" 0
}

@test "commands and nodes each give what they have" {
    gen 2 10000000 >file
    cid=$(codex-chunk put file)
    cp -r "$CODEX_REPO" second
    cp -r "$CODEX_REPO" third
    codex-ec erase --blocks 0-99 "$cid" >/dev/null
    codex-ec -r second erase --blocks 50-152 "$cid" >/dev/null
    codex-ec -r third erase --blocks 0-60,90-152 "$cid" >/dev/null
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$address" --via 'codex-serve stdio -r second' \
        --via 'codex-serve stdio -r third'
    assert_failure 1 # 50 to 60 and 90 to 99 are nowhere
    assert_stderr --partial 'no peer has 21 of its 153 blocks, the first of them is 50'
    run_split codex-serve -r other fetch "$cid" --peer "$address" --via 'codex-serve stdio -r second' \
        --via 'codex-chunk put file >/dev/null; codex-serve stdio'
    assert_success
    codex-chunk -r other get "$cid" | cmp - file
    end_node
}

@test "killed at any time at either end, it goes on" {
    gen 3 60000000 >file
    cid=$(codex-chunk put file)
    local killed=0 round
    for round in 1 2 3 4 5 6 7 8; do
        # After so many reads the pipe breaks, as when the other end is killed.
        run_split codex-serve -r other fetch "$cid" \
            --via "codex-serve stdio -r $CODEX_REPO | dd bs=4096 count=$((round * 1000 + RANDOM % 1000)) status=none"
        ((status == 0)) && break
        [[ $status == 69 || $status == 76 ]] || fail "$status: $stderr"
        killed=$((killed + 1))
        # The fetch itself, some time after it has begun.
        codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO | tee got" \
            >/dev/null 2>&1 &
        local fetch=$!
        wait_for 'test -s got' 60
        kill -s KILL "$fetch" 2>/dev/null || true
        wait "$fetch" || true
        rm -f got
    done
    ((killed > 0))
    run_split codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO"
    assert_success
    codex-chunk -r other get "$cid" | cmp - file
    codex-chunk -r other verify
}

@test "what is wrong with a command is said with its exit status and its last words" {
    codex-chunk init
    gen 4 100000 >file
    cid=$(codex-chunk -r elsewhere put file)
    # There is no such command; what it says goes to stderr, too.
    run_split codex-serve fetch "$cid" --via 'no-such-command --at all'
    assert_failure 69
    assert_stderr --partial 'exit status 127'
    [[ $(grep -c 'not found' <<<"$stderr") -ge 2 ]] || fail "$stderr"
    run_split codex-serve fetch "$cid" --via 'echo "the repo is away" >&2; exit 66'
    assert_failure 69
    assert_stderr --partial 'exit status 66: the repo is away'
    # Of one of ours the error, and not the hint behind it.
    run_split codex-serve fetch "$cid" --via 'codex-serve stdio -r nowhere'
    assert_failure 69
    assert_stderr --partial 'exit status 66: codex-serve: error: nowhere: no repo there'
    run_split codex-serve fetch "$cid" --via 'kill -9 $$'
    assert_failure 69
    assert_stderr --partial 'exit status 137'
    # Something else speaks.
    run_split codex-serve fetch "$cid" --via 'echo Welcome to this host; cat >/dev/null'
    assert_failure 76
    assert_stderr --partial 'Welcome to this host'
    run_split codex-serve fetch "$cid" --via 'head -c 100000 /dev/zero; cat >/dev/null'
    assert_failure 76
    run_split codex-serve fetch "$cid" --via 'echo codex-exchange 2 blocks; cat >/dev/null'
    assert_failure 65
    assert_stderr --partial 'version 2'
    # It says the right thing first, and then nothing that can be read.
    run_split codex-serve fetch "$cid" --via "echo codex-exchange 1 blocks; tr '\\0' '\\377' </dev/zero"
    [[ $status == 76 || $status == 69 ]] || fail "$status $stderr"
    # It ends what it says, and not itself: that it is ended is no failure of its own.
    run_split codex-serve fetch "$cid" --via 'exec >&-; exec sleep 98764'
    assert_failure 69
    assert_stderr --partial 'has ended without a word'
    refute grep 'exit status' <<<"$stderr"
    refute pgrep -f 'sleep 98764'
    # It says nothing.
    run_split codex-serve fetch "$cid" --via 'exec sleep 98765' --timeout 1s
    assert_failure 75
    refute pgrep -f 'sleep 98765'
    # It has something, but not that.
    run_split codex-serve fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO"
    assert_failure 1
    assert_stderr --partial 'no peer has it'
    # One that is right is enough.
    run_split codex-serve fetch "$cid" --via 'no-such-command' --via 'codex-serve stdio -r elsewhere'
    assert_success
    codex-chunk get "$cid" | cmp - file
}

@test "stdio ends with its pipe, and speaks to no terminal and to nobody else" {
    run_split codex-serve stdio -r nowhere </dev/null
    assert_failure 66
    codex-chunk init
    run_split codex-serve stdio </dev/null
    assert_failure 69
    assert_output 'codex-exchange 1 blocks'
    mkfifo open
    exec 9<>open # which stays open behind what is said
    echo GET / HTTP/1.1 >&9
    run_split codex-serve stdio <open 9>&-
    assert_failure 76
    exec 9>&-
    run_split codex-serve stdio < <(echo codex-exchange 1)
    assert_success
    assert_output 'codex-exchange 1 blocks'
    run_split codex-serve stdio < <(printf 'codex-exchange 1\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff')
    assert_failure 76
}
