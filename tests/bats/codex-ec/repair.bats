# codex-ec repair, decode and verify: out of losses and damage, and the error when there is no way.
# shellcheck disable=SC2154 # $stderr is what run_split sets
load ../common
load damage

setup() {
    codex_setup
    # 4 columns of 4 + 2 blocks; blocks 14 and 15 are padding.
    gen 9 $((13 * 65536 + 1)) >file
    codex-chunk put - <file >plain
    codex-ec encode -k 4 -m 2 - <plain >cid
    cid=$(cat cid)
}

@test "repair restores whole slots, and prints the CID" {
    codex-ec erase --slots 0,5 "$cid"
    run_split codex-ec repair "$cid"
    assert_success
    assert_output "$cid"
    refute_stderr
    codex-ec status --data "$cid"
    codex-ec verify "$cid"
    codex-chunk get -o out "$(cat plain)"
    assert_same out file
}

@test "repair tells what it restored with --json and -v" {
    codex-ec erase --slots 1 --blocks 16,17 "$cid"
    run_json codex-ec repair --json "$cid"
    assert_success
    assert_equal "$(jq -c '[.type, .cid, .restoredData, .restoredParity, .treeRestored]' <<<"$output")" \
        "[\"repaired\",\"$cid\",4,2,false]"
    codex-ec erase --blocks 3,20 "$cid"
    run_split codex-ec repair -v "$cid"
    assert_success
    assert_stderr --partial 'restored 1 data block and 1 parity block'
}

@test "repair of a whole dataset changes nothing" {
    run_split codex-ec repair "$cid"
    assert_success
    assert_output "$cid"
}

@test "repair names the column beyond parity, and repairs the others" {
    codex-ec erase --blocks 3,7,11,19,0,16 "$cid"
    run_split codex-ec repair "$cid"
    assert_refused 1 "codex-ec: error: $cid: column 3 lost 4 blocks, parity covers 2; 2 blocks must come from somewhere else: 3 zDx"
    assert_stderr --partial ', 7 zDx'
    assert_stderr --partial 'codex-ec: hint: get them from a repo OTHER that has them'
    assert_equal "$(codex-ec status --json "$cid" | records | jq -c .missingBlocks)" '[3,7,11,19]'
}

@test "blocks that come from somewhere else make the rest repairable" {
    codex-chunk export "$cid" >car
    codex-ec erase --blocks 3,7,11,19 "$cid"
    run_split codex-ec repair "$cid"
    assert_failure 1
    codex-chunk import <car
    codex-ec status --data "$cid"
    codex-ec verify "$cid"
}

@test "repair with --json gives the error as an object" {
    codex-ec erase --slots 0-2 "$cid"
    run_json codex-ec repair --json "$cid"
    assert_failure 1
    assert_output ''
    assert_equal "$(jq -r '[.type, .code, .exit, .object] | @tsv' <<<"$stderr")" \
        "$(printf 'error\terasure.unrepairable\t1\t%s' "$cid")"
    assert_equal "$(jq -c '[.lostColumns[] | [.column, .lost]]' <<<"$stderr")" '[[0,3],[1,3],[2,3],[3,3]]'
    assert_equal "$(jq -c '[.neededBlocks[].index]' <<<"$stderr")" '[0,1,2,3]'
    assert_equal "$(jq -r '.neededBlocks[].cid' <<<"$stderr")" "$(codex-merkle leaves "$cid" | head -n 4)"
}

@test "of very many columns beyond repair some dozens are named, and all in JSON" {
    local many
    gen 4 130000 >many
    many=$(codex-chunk put --block-size 64 - <many | codex-ec encode -k 4 -m 2)
    codex-ec erase --slots 0-2 "$many"
    run_split codex-ec repair "$many"
    assert_refused 1 '508 columns lost more blocks than the 2 that parity covers: 0 (3), 1 (3)'
    assert_stderr --partial ', 23 (3), ...; 508 blocks must come from somewhere else: 0 zDx'
    assert_stderr --partial 'get the first 24 from a repo OTHER'
    assert [ "${#stderr}" -lt 4000 ]
    run_split codex-ec repair --json "$many"
    assert_equal "$(jq '.neededBlocks | length' <<<"$stderr")" 508
    assert_equal "$(jq '.lostColumns | length' <<<"$stderr")" 508
}

@test "errors and warnings about a dataset have it as their object, whatever command it was" {
    local command
    codex-ec erase --slots 0-2 "$cid"
    codex-chunk rm - <plain
    for command in 'codex-chunk get' 'codex-chunk export -o car' 'codex-chunk export --to-nim node' 'codex-ec decode' \
        'codex-ec verify' 'codex-prove slots' 'codex-merkle proof --index 999'; do
        # shellcheck disable=SC2086 # words
        run_split $command --json "$cid"
        assert_failure
        assert_equal "$(jq -r 'select(.type == "error").object' <<<"$stderr")" "$cid"
    done
    codex-ec repair "$cid" || codex-chunk put file >/dev/null
    codex-ec repair "$cid"
    codex-ec erase --blocks 1 "$cid"
    run_split codex-chunk get --json "$cid"
    assert_equal "$(jq -r '[.type, .object] | @tsv' <<<"$stderr")" "$(printf 'warning\t%s\nsummary\t' "$cid")"
    assert_equal "$(jq -r 'select(.type == "warning").message' <<<"$stderr")" \
        "1 block was missing, damaged or unreadable and computed from parity; restore what is lost: codex-ec repair $cid"
    run_split codex-chunk get "$cid" -o out
    assert_stderr "codex-chunk: warning: $cid: 1 block was missing, damaged or unreadable and computed from parity; \
restore what is lost: codex-ec repair $cid"
    # One of several.
    other=$(gen 5 300000 | codex-chunk put)
    codex-ec erase --blocks 0 "$other"
    run_split codex-chunk export --json -o car "$cid" "$other"
    assert_equal "$(jq -r .object <<<"$stderr")" "$cid"
    codex-ec repair "$cid"
    run_split codex-chunk export --json -o car "$cid" "$other"
    assert_equal "$(jq -r .object <<<"$stderr")" "$other"
}

@test "damaged bytes are replaced" {
    damage_block "$cid" 2
    damage_block "$cid" 18
    run_split codex-ec verify "$cid"
    assert_refused 1 "$cid: 2 blocks are damaged"
    assert_stderr --partial "hint: restore it: codex-ec repair $cid"
    codex-ec repair "$cid"
    codex-ec verify "$cid"
    codex-chunk get -o out "$cid"
    assert_same out file
}

@test "a plain dataset is repaired by way of a protected one" {
    codex-ec erase --blocks 1 - <plain
    run_split codex-ec repair - <plain
    assert_success
    assert_output "$(cat plain)"
    codex-ec status - <plain
    codex-ec erase --blocks 0,4,8 - <plain # one column, and m = 2
    run_split codex-ec repair - <plain
    assert_refused 1 "$(cat plain): lost 3 of 14 blocks, more than $cid gives back"
    codex-chunk put file >/dev/null
    codex-ec erase --blocks 1 - <plain
    codex-chunk rm "$cid" >/dev/null
    run_split codex-ec repair - <plain
    assert_refused 1 "$(cat plain): has no parity, and lost 1 of 14 blocks"
}

@test "decode makes the plain dataset again, lost data included" {
    codex-chunk rm - <plain
    codex-ec erase --slots 2,4 "$cid"
    run_split codex-ec decode "$cid"
    assert_success
    assert_output "$(cat plain)"
    refute_stderr
    codex-chunk get -o out "$(cat plain)"
    assert_same out file
    run_json codex-ec decode --json --expires @4000000000 "$cid"
    assert_equal "$(jq -c '[.type, .cid, .protected, .datasetSize, .expiry]' <<<"$output")" \
        "[\"decoded\",\"$(cat plain)\",\"$cid\",851969,0]"
}

@test "decode names the column beyond parity" {
    codex-chunk rm - <plain
    codex-ec erase --slots 0,2,4 "$cid"
    run_split codex-ec decode "$cid"
    assert_refused 1 "$cid: 4 columns lost more blocks than the 2 that parity covers: 0 (3), 1 (3), 2 (3), 3 (3)"
    assert_stderr --partial '4 blocks must come from somewhere else'
    assert_stderr --partial "codex-ec repair $cid"
}

@test "decode of a plain dataset is refused" {
    run_split codex-ec decode - <plain
    assert_refused 65 "$(cat plain)"
}

@test "verify says yes, and no with the reason" {
    run_split bash -c 'codex-chunk ls | codex-ec verify'
    assert_success
    assert_equal "${#lines[@]}" 2
    codex-ec erase --blocks 0,4,8 "$cid"
    run_split codex-ec verify "$cid"
    assert_refused 1 "$cid: 3 blocks are missing"
    assert_stderr --partial "hint: see what must come from somewhere else: codex-ec repair $cid"
}

@test "a read-only look works while nothing may be written" {
    codex-ec erase --slots 3 "$cid"
    chmod -R a-w "$CODEX_REPO"
    run_split codex-ec status "$cid"
    chmod -R u+w "$CODEX_REPO"
    assert_failure 1
    assert_output --partial repairable
}

@test "a killed repair is finished by the next one" {
    gen 10 12000000 >large
    codex-chunk put --block-size 4KiB - <large | codex-ec encode -k 6 -m 3 >cid
    codex-ec erase --slots 0,3,7 - <cid
    # Kills at different moments, each as soon as more has been restored than before.
    for want in 1000 700 200; do
        codex-ec repair - <cid >/dev/null &
        pid=$!
        wait_for "! kill -0 $pid 2>/dev/null || \
            (( \$(codex-ec status - <cid | cut -f4) <= $want ))"
        kill -9 $pid 2>/dev/null || true
        wait $pid || true
    done
    codex-ec repair - <cid
    codex-ec verify - <cid
    codex-chunk verify
    codex-chunk get - <cid >out
    assert_same out large
}

@test "decode takes a time to expire that is past only with --force" {
    export CODEX_NOW=1790000000
    codex-chunk rm "$(cat plain)"
    local when
    for when in 0s @1 2020-01-01; do
        run_split codex-ec decode --expires "$when" "$cid"
        assert_refused 64 "--expires: $when is not in the future"
        assert_stderr --partial 'add --force'
    done
    run_split codex-ec decode --expires 0s --force "$cid"
    assert_success
    assert_output "$(cat plain)"
    assert_equal "$(codex-chunk stat --json "$output" | records | jq .expiry)" 1790000000
}
