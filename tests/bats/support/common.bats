# The helpers that every other BATS file relies on.
load ../common

@test "gen gives the byte generator of the vectors" {
    # tests/vectors/README.md, stream 0: s = 0x12345678, first s * 1664525 + 1013904223 = 0x79f6ad77
    run_split bash -c 'codex-testgen 0 4 | od -An -tx1'
    assert_success
    first=$(printf '%02x' $((((0x12345678 * 1664525 + 1013904223) & 0xffffffff) >> 24)))
    assert_output --partial " $first "
    assert_equal "$(gen 3 100000 | wc -c)" 100000
    assert_equal "$(gen 3 100000 | head -c 70000 | cksum)" "$(gen 3 70000 | cksum)"
    refute [ "$(gen 3 100 | cksum)" = "$(gen 4 100 | cksum)" ]
}

@test "gen refuses what is not a number" {
    run_split codex-testgen 0 x
    assert_failure 64
    assert_output ''
    assert_stderr 'usage: codex-testgen STREAM BYTES'
}

@test "each test has its own home, repo and working directory" {
    assert_equal "$PWD" "$BATS_TEST_TMPDIR/work"
    assert_equal "$CODEX_REPO" "$BATS_TEST_TMPDIR/repo"
    assert_not_exist "$CODEX_REPO"
    assert_dir_exist "$HOME"
}

@test "wait_for waits for a condition and gives up at its deadline" {
    (sleep 0.1 && touch done) &
    wait_for '[ -e done ]' 10
    run wait_for false 0
    assert_failure
    assert_output --partial 'not true within 0 s: false'
}

@test "assert_refused wants one error line and no output" {
    bad() { echo 'tool: error: it broke' >&2; echo 'tool: hint: mend it' >&2; return 65; }
    run_split bad
    assert_refused 65 'it broke'
    noisy() { echo 'tool: error: a' >&2; echo 'tool: error: b' >&2; return 65; }
    run_split noisy
    run assert_refused 65 a
    assert_failure
}
