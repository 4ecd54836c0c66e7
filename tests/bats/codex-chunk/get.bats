# codex-chunk get
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    cid=$(codex-chunk put data)
}

@test "gives the bytes back on stdout and in a file" {
    codex-chunk get "$cid" | cmp - data
    run_split codex-chunk get "$cid" -o out
    assert_success
    assert_output ''
    refute_stderr
    assert_same out data
}

@test "several datasets are one stream" {
    gen 1 70000 >more
    local other
    other=$(codex-chunk put more)
    codex-chunk get "$cid" "$other" | cmp - <(cat data more)
    printf '%s\n' "$cid" "$other" | codex-chunk get | cmp - <(cat data more)
}

@test "reads the CID that put printed, as text and as JSON" {
    codex-chunk put data | codex-chunk get | cmp - data
    codex-chunk put --json data | codex-chunk get - | cmp - data
}

@test "ranges are HTTP's" {
    range() { codex-chunk get "$cid" --range "$1" | cmp - <(eval "$2"); }
    range 0-0 'head -c1 data'
    range 0-199999 'cat data'
    range 65535-65536 'head -c65537 data | tail -c2'
    range 65536- 'tail -c+65537 data'
    range -5 'tail -c5 data'
    range -999999 'cat data'
    range 199990-999999 'tail -c10 data'
    range 0-18446744073709551615 'cat data'
}

@test "ranges that make no sense are refused" {
    local bad
    for bad in 5 a-b 5-4 - '' 1-2-3 0x1-2 -; do
        run_split codex-chunk get "$cid" --range "$bad"
        assert_refused 64 --range
    done
    for bad in 200000- 200000-200009 200001- -0; do # the end itself has no byte, as in HTTP
        run_split codex-chunk get "$cid" --range "$bad" -o out
        assert_refused 65 'the content has 200000 bytes'
        assert_equal "$(grep error: <<<"$stderr" | grep -o zDv | wc -l)" 1
        assert_not_exist out
    done
    run_split codex-chunk get "$cid" "$cid" --range 0-1 -o out
    assert_refused 64 '--range is for one dataset'
    assert_not_exist out
}

@test "-o replaces a file only when all went well" {
    echo old >out
    codex-chunk rm "$cid@3" >/dev/null
    run_split codex-chunk get "$cid" -o out
    assert_refused 1 'block 3'
    assert_equal "$(cat out)" old
    codex-chunk put data >/dev/null
    codex-chunk get "$cid" -o out
    assert_same out data
}

@test "a missing block is named, with the way out" {
    local block
    block=$(codex-chunk block has "$cid@2" | cut -f1)
    codex-chunk rm "$block" >/dev/null
    run_split codex-chunk get "$cid" -o out
    assert_refused 1 "$cid"
    assert_stderr --partial 'hint: '
    assert_not_exist out
}

@test "an unknown dataset, and what is no dataset" {
    codex-chunk rm "$cid" >/dev/null
    run_split codex-chunk get "$cid"
    assert_refused 1 "$cid"
    run_split codex-chunk get nonsense
    assert_refused 65 nonsense
    run_split codex-chunk get zDxWB8EDCcpV9LuPUkwpiF1z3tsZ3RXKCMvEZV5a8ChuGJCgaxhk
    assert_refused 65 'the CID of a codex-block, not of a manifest'
    run_split codex-chunk get zDzSvJTf6oUdiAAPQiRisQkfoT5gqvi52p4sDLz5HH3krBtMybgW
    assert_refused 65 'the CID of a codex-root, not of a manifest'
    assert_stderr --partial 'codex-chunk ls'
}

@test "a reader that stops early ends it without a word" {
    gen 3 5000000 | codex-chunk put >big
    run_split bash -c 'codex-chunk get $(cat big) | head -c 10 | wc -c; echo ${PIPESTATUS[0]}'
    assert_line --index 0 10
    assert_line --index 1 141
    refute_stderr
}

@test "bytes do not go to a terminal unless forced" {
    run_split script -qec "codex-chunk get $cid" /dev/null
    assert_failure 64
    assert_output --partial 'binary data does not go to a terminal'
    run_split script -qec "codex-chunk get $cid -o -" /dev/null
    assert_success
}

@test "Ctrl-C leaves nothing behind and ends with 130" {
    mkfifo pipe
    env --default-signal=INT codex-chunk get "$cid" - -o out <pipe 2>said &
    local pid=$!
    exec 9>pipe
    wait_for "[[ \$(readlink /proc/$pid/fd/*) == *'/#'* ]]" # the file without a name
    kill -INT $pid
    local status=0
    wait $pid || status=$?
    exec 9>&-
    assert_equal "$status" 130
    assert_not_exist out
    assert_equal "$(find . -newer pipe -type f ! -name said | wc -l)" 0
    assert_equal "$(<said)" ''
}

@test "with -o and --json says what was written" {
    run_split codex-chunk get --json "$cid" -o out
    assert_success
    assert_equal "$(jq -r '.type, .bytes, .reconstructedBlocks' <<<"$output" | paste -sd' ')" \
        'summary 200000 0'
}
