# codex-prove slots, roots, status: verifiable datasets.
load ../common
load proofs

@test "one pipe from a file to a verifiable dataset of deployed sizes" {
    gen 3 1000000 >file
    run_split bash -c 'codex-chunk put file | codex-ec encode -k 4 -m 2 | codex-prove slots'
    assert_success
    cid=$output
    run_json codex-prove status --json "$cid"
    assert_equal "$(jq -c '[.slots,.dataBlocks,.blocks,.cells,.blockDepth,.storedTrees]' <<<"$output")" \
        '[6,4,4,128,5,6]'
    run_split codex-prove slots --check "$cid"
    assert_success
    assert_output "$cid"
}

@test "slots that are stored are not computed again" {
    make_dataset
    run_json codex-prove slots --json --cell-size 128 "$protected"
    assert_success
    assert_equal "$(jq -r '.cid + " " + (.computedSlots | tostring)' <<<"$output")" "$cid 0"
    codex-chunk rm "$protected" "$cid"
    run_split codex-chunk verify
    assert_success
}

@test "a killed job leaves nothing that would be in the way, and goes on" {
    gen 4 40000000 >file
    protected=$(codex-chunk put file | codex-ec encode -k 4 -m 2)
    exec {never}<> <(:)
    for moment in {1..12}; do
        codex-prove slots "$protected" >killed &
        read -rt "$(printf '0.%03d' $((moment * 25)))" -u "$never" || true
        kill -9 $! 2>/dev/null || true
        wait $! || true
        run_split codex-chunk verify
        assert_success
    done
    run_json codex-prove slots --json "$protected"
    assert_success
    cid=$(jq -r .cid <<<"$output")
    assert [ "$(jq .computedSlots <<<"$output")" -le 6 ]
    [[ ! -s killed ]] || assert_equal "$(cut -f 1 killed)" "$cid"
    run_split codex-prove slots --check "$cid"
    assert_success
    run_json codex-prove status --json "$cid"
    assert_equal "$(jq .storedTrees <<<"$output")" 6
    run_split codex-chunk verify
    assert_success
    refute_stderr
}

@test "missing blocks are named, and repair is the way out" {
    make_dataset
    gen 5 5000 >other
    other=$(codex-chunk put --block-size 512 other | codex-ec encode -k 4 -m 2)
    codex-ec erase --blocks 1,4 "$other"
    run_split codex-prove slots --cell-size 128 "$other"
    assert_refused 1 'blocks 1, 4 are missing'
    assert_stderr --partial 'codex-ec repair'
    codex-ec repair "$other"
    run_split codex-prove slots --cell-size 128 "$other"
    assert_success
}

@test "what cannot be cut into slots is refused" {
    plain=$(gen 1 5000 | codex-chunk put -)
    run_split codex-prove slots "$plain"
    assert_refused 65 'not protected'
    make_dataset
    run_split codex-prove slots --cell-size 100 "$protected"
    assert_refused 65 'cells of 100 bytes: a block of 512'
    run_split codex-prove roots "$protected"
    assert_refused 65 'no slot roots'
}

@test "roots: one a slot, as CID and as number" {
    make_dataset
    run_split codex-prove roots "$cid"
    assert_success
    assert_equal "${#lines[@]}" 6
    run_json codex-prove roots --json "$cid"
    assert_equal "$(jq -r .slot <<<"$output" | paste -sd ' ')" '0 1 2 3 4 5'
    assert_equal "$(jq -r '.element | test("^[0-9]+$")' <<<"$output" | sort -u)" true
}

@test "status: sizes in text and JSON agree" {
    make_dataset
    run_split codex-prove status "$cid"
    assert_success
    assert_equal "$(cut -f 3- <<<"$output")" $'6\t4\t16\t6'
    run_json codex-prove status --json "$cid"
    assert_equal "$(jq -c '[.padBlocks,.slotSize,.slotDepth,.datasetDepth,.strategy]' <<<"$output")" \
        '[1,2048,2,3,"linear"]'
}

@test "the stepped strategy is another dataset, and as right" {
    make_dataset
    stepped=$(codex-prove slots --cell-size 128 --strategy stepped "$protected")
    refute [ "$stepped" = "$cid" ]
    run_split codex-prove slots --check "$stepped" "$cid"
    assert_success
}

@test "slots take a time to expire that is past only with --force" {
    export CODEX_NOW=1790000000
    gen 3 1000000 >file
    protected=$(codex-chunk put file | codex-ec encode -k 4 -m 2 | cut -f1)
    local when
    for when in 0s @1 2020-01-01; do
        run_split codex-prove slots --expires "$when" "$protected"
        assert_refused 64 "--expires: $when is not in the future"
        assert_stderr --partial 'add --force'
    done
    run_split codex-prove slots --expires 0s --force "$protected"
    assert_success
    assert_equal "$(codex-chunk stat --json "$output" | records | jq .expiry)" 1790000000
}
