# codex-chunk verify
load ../common

setup() {
    codex_setup
    cid=$(gen 7 200000 | codex-chunk put)
}

# Changes a byte in the middle of the largest segment.
damage() {
    local segment
    segment=$(find "$CODEX_REPO" -type f -size +64k ! -name '*.mdb' -printf '%s %p\n' |
        sort -n | tail -n1 | cut -d' ' -f2)
    [[ -n $segment ]]
    printf '\x5a\xa5\x5a\xa5' | dd of="$segment" bs=1 seek=100000 conv=notrunc status=none
}

@test "a whole repo has no line" {
    run_split codex-chunk verify
    assert_success
    assert_output ''
    refute_stderr
}

@test "JSON counts what was looked at" {
    run_split codex-chunk verify --json
    assert_success
    assert_equal "$(jq -c '[.type, .datasets, .trees, .problems]' <<<"$output")" \
        '["summary",1,1,0]'
}

@test "damaged bytes are named" {
    damage
    run_split codex-chunk verify
    assert_failure 1
    assert_equal "${#lines[@]}" 1
    assert_line --regexp '^zDxWB8ED.*	block-damaged	'
    run_split codex-chunk verify --index-only
    assert_success
    run_split codex-chunk get "$cid" -o out
    assert_refused 1 "$cid"
    assert_not_exist out
}

@test "damaged bytes that are dropped come back with the next put" {
    damage
    run_split codex-chunk get "$cid" -o out
    assert_stderr --partial 'hint: nothing protects a plain dataset: '
    assert_stderr --partial 'codex-chunk verify --drop-damaged'
    run_split codex-chunk verify --drop-damaged
    assert_failure 1
    run_split codex-chunk verify
    assert_failure 1
    assert_line --regexp '	block-missing	'
    gen 7 200000 | codex-chunk put >/dev/null
    codex-chunk verify
    codex-chunk get "$cid" | cmp - <(gen 7 200000)
}

@test "a lost index is made anew from the segments" {
    rm "$CODEX_REPO"/index.mdb*
    run_split codex-chunk ls
    assert_failure
    assert_stderr --partial '--rebuild-index'
    run_split codex-chunk verify --rebuild-index
    assert_success
    assert_stderr --partial 'index made anew from 1 segments: 1 datasets'
    codex-chunk get "$cid" | cmp - <(gen 7 200000)
    run_split codex-chunk verify --rebuild-index --json
    assert_success
    assert_equal "$(jq -c 'select(.type == "rebuilt") | [.datasets, .damagedRecords]' \
        <<<"$output")" '[1,0]'
}

@test "missing blocks are named" {
    codex-chunk rm "$cid@1" >/dev/null
    run_split codex-chunk verify
    assert_failure 1
    assert_line --regexp '	block-missing	'
}

@test "repairing counters of a whole repo changes nothing" {
    codex-chunk space >before
    run_split codex-chunk verify --repair-counters --json
    assert_success
    assert_equal "$(jq .countersRepaired <<<"$output")" false
    codex-chunk space | head -n5 | diff - <(head -n5 before)
}

@test "deletes nothing, so -n is refused" {
    run_split codex-chunk verify -n
    assert_refused 64 '-n means nothing'
}
