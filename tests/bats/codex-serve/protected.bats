# Protected datasets of other nodes: any k slots are enough.
# At a time: 3
load ../common
load serve

@test "of a protected dataset k of k + m slots are fetched, and the others computed" {
    codex-testgen 1 2500000 >file
    codex-chunk init --quiet
    plain=$(codex-chunk put file)
    protected=$(codex-ec encode -k 5 -m 3 "$plain" | cut -f1)
    # Nobody has these any more, two of data and one of parity.
    codex-ec erase --slots 1,3,6 "$protected"
    start_node
    run_split codex-serve -r other fetch "$protected" --peer "$address" --to copy --json
    assert_success
    cmp copy file
    # 39 blocks of data in 5 rows of 8, one of them padding.
    assert_line --partial '"blocksFetched":39'
    codex-chunk -r other verify "$protected"
    run codex-ec -r other status "$protected"
    assert_success
    codex-chunk -r other get "$protected" | cmp - file
    end_node
}

@test "with fewer than k slots it says what is missing, and another node brings it" {
    codex-testgen 1 2500000 >file
    codex-chunk init --quiet
    plain=$(codex-chunk put file)
    protected=$(codex-ec encode -k 5 -m 3 "$plain" | cut -f1)
    cp -a "$CODEX_REPO" whole
    codex-ec erase --slots 0,1,2,3 "$protected"
    start_node
    run_split codex-serve -r other fetch "$protected" --peer "$address"
    assert_failure 1
    assert_stderr --partial 'no peer has'
    end_node
    CODEX_REPO=$PWD/whole start_node
    run_split codex-serve -r other fetch "$protected" --peer "$address"
    assert_success
    codex-chunk -r other get "$protected" | cmp - file
    end_node
}

@test "of a range, or a slot, what nobody has is computed from k others of its columns" {
    codex-testgen 1 2500000 >file
    codex-chunk init --quiet
    plain=$(codex-chunk put file)
    protected=$(codex-ec encode -k 5 -m 3 "$plain" | cut -f1) # 39 blocks of data in 5 rows of 8
    codex-ec erase --blocks 9,10 "$protected"
    start_node
    run_split codex-serve -r other fetch "$protected" --peer "$address" --range 524288-720895 --to part --json
    assert_success
    cmp part <(tail -c +524289 file | head -c 196608)
    # 8, five of each of two columns, and those beside 9 and 10 in the tree, of which one is there already.
    assert_equal "$(jq 'select(.type == "fetched") | .blocksFetched' <<<"$output")" 12
    run_split codex-chunk -r other ls --json
    assert_line --partial '"blocksHeld":14'
    # A row that is lost.
    codex-ec erase --slots 0 "$protected"
    run_split codex-serve -r third fetch "$protected" --peer "$address" --range 0-65535 --to part
    assert_success
    cmp part <(head -c 65536 file)
    # Too many of a column are lost.
    codex-ec erase --slots 1,2,3 "$protected"
    run_split codex-serve -r fourth fetch "$protected" --peer "$address" --range 0-65535
    assert_failure 1
    assert_stderr --partial 'no peer has'
    end_node
}
