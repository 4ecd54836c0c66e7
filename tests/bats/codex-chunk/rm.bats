# codex-chunk rm
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    codex-chunk init >/dev/null
    codex-chunk space | head -n5 >empty
    cid=$(codex-chunk put data)
}

@test "a block that the dataset has not is named" {
    gen 1 100000 >some
    run_split codex-chunk rm "$(codex-chunk put some)@2"
    assert_refused 65 '@2: the dataset has blocks 0 to 1'
}

@test "removes a dataset, and with it all it used" {
    run_split codex-chunk rm "$cid"
    assert_success
    assert_output "$cid	removed	200000"
    refute_stderr
    codex-chunk space | head -n5 | diff - empty
    run_split codex-chunk get "$cid"
    assert_refused 1 "$cid"
    codex-chunk verify
}

@test "blocks that another dataset uses stay" {
    local named
    named=$(codex-chunk put data --name other)
    codex-chunk rm "$cid"
    codex-chunk get "$named" | cmp - data
    codex-chunk verify
}

@test "a dry run removes nothing" {
    run_split codex-chunk rm -n "$cid"
    assert_success
    assert_output "$cid	would-remove	200000"
    codex-chunk get "$cid" | cmp - data
    run_split codex-chunk -n rm "$cid@0"
    assert_output "$cid@0	would-remove	65536"
    codex-chunk get "$cid" | cmp - data
}

@test "CID@INDEX takes one block's bytes, put brings them back" {
    run_split codex-chunk rm "$cid@1"
    assert_success
    assert_output "$cid@1	removed	65536"
    run_split codex-chunk block has "$cid@1"
    assert_failure 1
    assert_output "$cid@1	missing"
    run_split codex-chunk rm "$cid@1"
    assert_refused 1 'missing already'
    codex-chunk put data >/dev/null
    codex-chunk get "$cid" | cmp - data
}

@test "reads the list from a pipe" {
    gen 1 5 | codex-chunk put >/dev/null
    codex-chunk ls | codex-chunk rm | wc -l >count
    assert_equal "$(cat count)" 2
    codex-chunk space | head -n5 | diff - empty
}

@test "what is not here, and what is no dataset" {
    codex-chunk rm "$cid" >/dev/null
    run_split codex-chunk rm "$cid"
    assert_refused 1 "$cid"
    run_split codex-chunk rm zDxWB8EDCcpV9LuPUkwpiF1z3tsZ3RXKCMvEZV5a8ChuGJCgaxhk
    assert_refused 65 'codex-block'
    assert_stderr --partial 'no dataset here has it'
    run_split codex-chunk rm nonsense
    assert_refused 65 nonsense
    run_split codex-chunk rm "$cid@0"
    assert_refused 1 "$cid"
}

@test "many in one command: what is said is in their order, whatever is wrong with one" {
    local i cids=()
    for i in 1 2 3 4 5; do
        gen "$i" 3000 >"file$i"
        cids+=("$(codex-chunk put "file$i")")
    done
    codex-chunk rm "${cids[2]}" >/dev/null
    bash -c 'codex-chunk rm "$@" 2>&1' - "${cids[@]}" "$cid@0" "${cids[0]}" >said || status=$?
    assert_equal "$status" 1
    local expected=("${cids[0]}	removed	3000" "${cids[1]}	removed	3000"
        "codex-chunk: error: dataset ${cids[2]}" "${cids[3]}	removed	3000" "${cids[4]}	removed	3000"
        "$cid@0	removed	65536" "codex-chunk: error: dataset ${cids[0]}")
    grep -v ' hint: ' said >lines
    assert_equal "$(wc -l <lines)" "${#expected[@]}"
    for i in "${!expected[@]}"; do
        [[ $(sed -n "$((i + 1))p" lines) == "${expected[i]}"* ]] || fail "$(<lines)"
    done
    codex-chunk put data >/dev/null # with the bytes that were taken
    codex-chunk verify
}

@test "what is not here does not end the transaction of its neighbours, nor change the order" {
    local i cids=() here=()
    for i in {1..40}; do
        gen "$i" 300 >"file$i"
        cids+=("$(codex-chunk put --no-sync "file$i")")
    done
    for i in {1..39..2}; do
        here+=("${cids[i]}")
    done
    printf '%s\n' "${here[@]}" | codex-chunk rm >/dev/null # every second one
    printf '%s\n' "${cids[@]}" >list
    bash -c 'codex-chunk rm <list 2>&1' >said || status=$?
    assert_equal "$status" 1
    grep -v ' hint: ' said | grep -o 'zDv[A-Za-z0-9]*' >named
    cmp named list || fail "$(<said)"
    assert_equal "$(grep -c 'removed' said)" 20
    # With --fail-fast what is behind the first one stays.
    for i in 1 2 3; do codex-chunk put "file$i" >/dev/null; done
    codex-chunk rm "${cids[1]}" >/dev/null
    run_split codex-chunk rm --fail-fast "${cids[@]:0:3}"
    assert_failure 1
    assert_output "${cids[0]}"$'\tremoved\t300'
    assert_equal "$(codex-chunk ls | cut -f1)" "${cids[2]}
$cid"
}

@test "who waits for the next line has said what became of the ones before" {
    local other
    gen 1 5 >small
    other=$(codex-chunk put small)
    mkfifo list
    codex-chunk rm <list >said &
    exec 7>list
    echo "$cid" >&7
    wait_for '[ -s said ]' 60
    printf '%s' "$other" >&7 # the line is not whole, and nothing is to be done yet
    assert_equal "$(cat said)" "$cid	removed	200000"
    exec 7>&-
    wait "$!"
    assert_equal "$(tail -n1 said)" "$other	removed	5"
}

@test "many with --json: a record each, and the sum of all" {
    local other
    gen 1 5 >small
    other=$(codex-chunk put small)
    run_json codex-chunk rm --json "$cid" "$other"
    assert_success
    assert_line -n 0 --partial "\"cid\":\"$cid\""
    assert_line -n 1 --partial "\"cid\":\"$other\""
    [[ $summary == *'"bytes":200005'* ]] || fail "$summary"
}
