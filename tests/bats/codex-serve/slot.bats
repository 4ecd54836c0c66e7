# One slot of another node, and the proof that it is kept.
load ../common
load serve
load ../codex-prove/proofs

@test "the blocks of one slot are fetched, and prove it; the other slots cannot be proved" {
    make_dataset
    make_key
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$address" --slot 1
    assert_success
    assert_output "$cid"$'\t3\t1536'
    run_split codex-chunk -r other ls --json
    assert_line --index 0 --partial '"blocksHeld":3'
    codex-prove -r other prove --zkey key.zkey "${circuit[@]}" "$cid" --slot 1 --challenge "$challenge" >proof
    codex-prove verify --zkey key.zkey proof
    cmp <(codex-prove -r other input "${circuit[@]}" "$cid" --slot 1 --challenge "$challenge") \
        <(codex-prove input "${circuit[@]}" "$cid" --slot 1 --challenge "$challenge")
    run_split codex-prove -r other input "${circuit[@]}" "$cid" --slot 2 --challenge "$challenge"
    assert_failure 1
    assert_stderr --partial 'missing'
    assert_stderr --partial "hint: fetch that slot: codex-serve -r other fetch $cid --slot 2 --peer ADDRESS"
    run_split codex-serve -r other fetch "$cid" --peer "$address" --slot 6
    assert_failure 65
    run_split codex-serve -r other fetch "$protected" --peer "$address" --slot 0
    assert_failure 65
    run_split codex-serve -r other fetch "$cid" --peer "$address" --slot 0 --range 0-1
    assert_failure 64
    # The rest makes it whole.
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_success
    codex-chunk -r other get "$cid" | cmp - file
    end_node
}
