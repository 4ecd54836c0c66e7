# codex-chunk space
load ../common

@test "counts as the reference does: 18 bytes are one block and a manifest" {
    printf 'some file contents' | codex-chunk put >/dev/null
    run_json codex-chunk space --json
    assert_success
    refute_stderr
    assert_equal "$(jq -c '[.totalBlocks, .quotaMaxBytes, .quotaUsedBytes, .quotaReservedBytes]' \
        <<<"$output")" '[2,21474836480,65592,0]'
    assert_equal "$(jq -c '[.type, .datasets]' <<<"$output")" '["space",1]'
}

@test "text is a name and a number a line" {
    codex-chunk init >/dev/null
    run_split codex-chunk space
    assert_success
    assert_line 'totalBlocks	0'
    assert_line 'quotaUsedBytes	0'
    assert_line --regexp '^diskBytes	[0-9]+$'
    assert_equal "$(cut -f1 <<<"$output" | paste -sd' ')" \
        'totalBlocks quotaMaxBytes quotaUsedBytes quotaReservedBytes datasets treeBytes storedBytes deadBytes diskBytes'
}

@test "compression saves disk, not quota" {
    codex-chunk init --compress 3 >/dev/null
    head -c 1000000 /dev/zero | tr '\0' a | codex-chunk put >/dev/null
    run_json codex-chunk space --json
    assert [ "$(jq .quotaUsedBytes <<<"$output")" -ge 65536 ]
    assert [ "$(jq .storedBytes <<<"$output")" -lt 65536 ]
}

@test "needs a repo" {
    run_split codex-chunk space
    assert_refused 66 "$CODEX_REPO"
}
