# codex-merkle leaves: the CID of each block, as a stream.
load ../common

@test "the CIDs of the reference network's blocks, in order" {
    vectors=$BATS_TEST_DIRNAME/../../vectors/data-model.json
    gen 9 655360 >ten
    run_split codex-merkle leaves --raw ten
    assert_success
    assert_output "$(jq -r '.datasets[-1].blockCids[]' "$vectors")"
    codex-chunk put ten >cid
    run_split codex-merkle leaves - <cid
    assert_success
    assert_output "$(jq -r '.datasets[-1].blockCids[]' "$vectors")"
}

@test "--json numbers them" {
    gen 9 655360 >ten
    run_json codex-merkle leaves --json --raw ten
    assert_success
    assert_equal "$(jq -r .index <<<"$output" | paste -sd ' ')" '0 1 2 3 4 5 6 7 8 9'
    assert_equal "$(jq -r .cid <<<"$output")" "$(codex-merkle leaves --raw ten)"
}

@test "many small blocks: leaves, root and digests agree" {
    gen 2 300000 >file
    codex-merkle leaves --raw file --block-size 32 >leaves
    assert_equal "$(wc -l <leaves)" 9375
    run_split codex-merkle root --digests leaves
    assert_output "$(codex-merkle root --raw file --block-size 32)"
}

@test "they come while the input is still open" {
    mkfifo pipe
    codex-merkle leaves --block-size 1MiB --raw pipe >leaves &
    exec 7>pipe
    # More than the buffers hold, then silence with the pipe open.
    head -c 50M /dev/zero >&7
    wait_for '[[ -s leaves ]]'
    exec 7>&-
    wait
    assert_equal "$(wc -l <leaves)" 50
}

@test "a reader that closes the pipe ends it without a word" {
    run_split bash -c 'head -c 20M /dev/zero | codex-merkle leaves --block-size 64 --raw - | head -n 1
        echo "${PIPESTATUS[1]}"'
    assert_line --index 1 141
    refute_stderr
}

@test "no tty, no argument: the CID comes from stdin; nothing there is an error" {
    gen 9 655360 >ten
    codex-chunk put ten >cid
    run_split codex-merkle leaves <cid
    assert_success
    assert_equal "${#lines[@]}" 10
    run_split codex-merkle leaves </dev/null
    assert_refused 66 'stdin: empty: no CID came'
}
