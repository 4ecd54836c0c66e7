# What cannot be read is not damaged (codex-repo(5), R4): with segments that cannot be opened or read,
# every command says the true cause, and nothing is dropped, replaced or dereferenced.
load ../common

setup() {
    codex_setup
    gen 1 1000000 >file
    plain=$(codex-chunk put file | cut -f1)
    coded=$(codex-ec encode -k 4 -m 2 "$plain" | cut -f1)
    segment=$(find "$CODEX_REPO/segments" -name '*.seg')
}

# assert_unchanged: all is there and whole.
assert_unchanged() {
    run_split codex-chunk verify
    assert_success
    assert_output ''
    codex-chunk get "$plain" | cmp - file
    codex-ec verify "$coded"
}

# assert_cause CODE TEXT COMMAND...: it ends with CODE and says TEXT, and never "damaged" or "missing".
assert_cause() {
    local code=$1 text=$2
    shift 2
    run_split "$@" </dev/null
    assert_failure "$code"
    assert_stderr --partial "$text"
    [[ $stderr != *damaged* && $stderr != *missing* ]] || fail "$*: $stderr"
    refute_output --partial damaged
    refute_output --partial removed
}

# every_command CODE TEXT: with segments that cannot be read.
every_command() {
    local command
    for command in "codex-chunk verify" "codex-chunk verify --drop-damaged" \
        "codex-chunk verify --repair-counters" "codex-chunk rm $plain" "codex-chunk get $plain -o out" \
        "codex-chunk get $coded -o out" "codex-chunk block get $plain@3 -o out" \
        "codex-chunk export $plain -o out" "codex-ec encode -k 3 -m 1 $plain" \
        "codex-ec repair $coded" "codex-ec repair $plain" "codex-ec verify $coded" \
        "codex-ec decode $coded" "codex-prove slots $coded" "codex-merkle root $plain"; do
        # shellcheck disable=SC2086 # words
        assert_cause "$1" "$2" $command
    done
    assert_not_exist out
}

@test "too few open files: the segments cannot be opened" {
    skip_with_sanitizers
    # Each command needs a few descriptors before the segments, so each limit hits another place.
    for limit in 7 8 9 10 11; do
        for command in "verify --drop-damaged" "verify --repair-counters" gc "put file" \
            "block put file"; do
            # shellcheck disable=SC2086 # words
            run_split prlimit --nofile=$limit codex-chunk $command </dev/null
            ((status == 0 || status == 74)) || fail "$limit $command: $status $stderr"
            refute_output --partial damaged
        done
        run_split prlimit --nofile=$limit codex-ec repair "$coded"
        ((status == 0 || status == 74)) || fail "$limit: $stderr"
    done
    assert_unchanged
    run_split prlimit --nofile=9 codex-chunk rm "$plain"
    assert_refused 74 'Too many open files'
    assert_unchanged
}

@test "a segment that was moved away" {
    mv "$segment" "$segment.away"
    every_command 66 "$segment: No such file or directory"
    codex-chunk gc >/dev/null
    mv "$segment.away" "$segment"
    assert_unchanged
}

@test "the folder of segments was moved away" {
    mv "$CODEX_REPO/segments" away
    for command in "verify --drop-damaged" "verify --repair-counters" "rm $plain" gc "get $plain -o out" ls; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command
        assert_refused 65 "$CODEX_REPO/segments: is missing"
    done
    mv away "$CODEX_REPO/segments"
    assert_unchanged
}

@test "a segment that is no file" {
    mv "$segment" away
    mkdir "$segment"
    every_command 65 "is a folder"
    run_split codex-chunk gc
    rmdir "$segment"
    mv away "$segment"
    assert_unchanged
}

@test "reads that fail, wherever they do" {
    [[ -e $CODEX_TEST_BIN/libcodex-testpreload.so ]] || skip 'not built for sanitizers'
    # From the n-th read on, all fail as those of a bad disk do; with n large enough, none.
    for command in "codex-chunk verify --drop-damaged" "codex-ec repair $coded" "codex-ec status --data $coded" \
        "codex-chunk get $plain -o back" "codex-chunk verify $plain" "codex-chunk gc" "codex-ec encode -k 3 -m 1 $plain" \
        "codex-chunk put file"; do
        for ((n = 1, status = 1; status != 0 && n < 400; ++n)); do
            # shellcheck disable=SC2086 # words
            run_split env CODEX_TEST_SKIP_SYNC=1 CODEX_TEST_FAIL=read:$n:5:all \
                LD_PRELOAD="$CODEX_TEST_BIN/libcodex-testpreload.so" $command
            ((status == 0 || status == 74)) || fail "$n: $command: $status $stderr"
            [[ $output$stderr != *[a-z]-damaged* && $stderr != *'is damaged'* ]] || fail "$n: $command: $stderr"
        done
        assert_success
        assert_unchanged
    done
}

@test "reads that fail while a dataset is removed" {
    [[ -e $CODEX_TEST_BIN/libcodex-testpreload.so ]] || skip 'not built for sanitizers'
    # What was not taken out of sight is whole; what was is finished by gc.
    for ((n = 1; n < 100; ++n)); do
        run_split env CODEX_TEST_SKIP_SYNC=1 CODEX_TEST_FAIL=read:$n:5:all \
            LD_PRELOAD="$CODEX_TEST_BIN/libcodex-testpreload.so" codex-chunk rm "$plain"
        ((status != 0)) || break
        assert_failure 74
        if codex-chunk stat "$plain" >/dev/null; then
            assert_unchanged
        else
            codex-chunk gc >/dev/null
            run_split codex-chunk verify
            assert_success
            codex-ec verify "$coded"
            codex-chunk put file >/dev/null
        fi
    done
    assert_success
    assert [ $n -gt 3 ]
    codex-chunk put file
    assert_unchanged
}

@test "a segment that may not be read" {
    ((EUID != 0)) || skip 'root may read everything'
    chmod 000 "$segment"
    every_command 77 'Permission denied'
    chmod 600 "$segment"
    assert_unchanged
}

@test "what is unreadable is told apart from what is damaged, and only that is dropped" {
    other=$(gen 9 100000 | codex-chunk put --compress 0)
    codex-chunk block get -o needle "$other@1"
    at=$(LC_ALL=C grep -obUaP "$(head -c 16 needle | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g')" \
        "$segment" | head -1 | cut -d: -f1)
    printf '\0\0\0\0' | dd of="$segment" bs=1 seek="$at" conv=notrunc status=none
    mv "$segment" away
    run_split codex-chunk verify --drop-damaged
    assert_failure 66
    mv away "$segment"
    run_split codex-chunk verify --drop-damaged
    assert_failure 1
    assert_equal "$(grep -c block-damaged <<<"$output")" 1
    gen 9 100000 | codex-chunk put >/dev/null
    assert_unchanged
}

@test "get computes what it cannot read from parity; repair says why it does not" {
    # The tree and some blocks are in one segment, the rest in another that goes away.
    codex-ec erase --slots 1 "$coded" >/dev/null
    # While the first segment is locked, what is repaired goes into a second one.
    exec {lock}<"$segment"
    flock -x "$lock"
    codex-ec repair "$coded" >/dev/null
    exec {lock}<&-
    second=$(find "$CODEX_REPO/segments" -name '*.seg' ! -path "$segment")
    assert [ -n "$second" ]
    mv "$second" away
    run_split codex-chunk get "$coded" -o back
    assert_success
    assert_stderr --partial 'unreadable'
    assert_same back file
    run_split codex-ec repair "$coded"
    assert_refused 66 "$second: No such file or directory"
    run_split codex-chunk verify --drop-damaged
    assert_failure 66
    assert_line --regexp '	block-unreadable	'
    mv away "$second"
    assert_unchanged
}

@test "a segment that is lost for good: the same data, put again, is whole" {
    rm "$segment"
    codex-chunk put file >/dev/null
    codex-chunk get "$plain" | cmp - file
    run_split codex-ec encode -k 4 -m 2 "$plain"
    assert_success
    assert_output "$coded"
    assert_unchanged
}

@test "a segment that is lost for good: an index of what is left, and repair" {
    codex-ec erase --slots 1 "$coded" >/dev/null
    exec {lock}<"$segment"
    flock -x "$lock"
    codex-ec repair "$coded" >/dev/null
    exec {lock}<&-
    rm "$(find "$CODEX_REPO/segments" -name '*.seg' ! -path "$segment")"
    codex-chunk verify --rebuild-index >/dev/null || true
    codex-ec repair "$coded"
    assert_unchanged
}
