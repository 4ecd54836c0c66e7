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
    assert_stderr --partial 'restored 1 data and 1 parity blocks'
}

@test "repair of a whole dataset changes nothing" {
    run_split codex-ec repair "$cid"
    assert_success
    assert_output "$cid"
}

@test "repair names the column beyond parity, and repairs the others" {
    codex-ec erase --blocks 3,7,11,19,0,16 "$cid"
    run_split codex-ec repair "$cid"
    assert_refused 1 "codex-ec: error: $cid: column 3 lost 4 blocks, parity covers 2"
    assert_stderr --partial 'codex-ec: hint: fetch 2 of blocks 3, 7, 11, 19 first'
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
}

@test "damaged bytes are replaced" {
    damage_block "$cid" 2
    damage_block "$cid" 18
    run_split codex-ec verify "$cid"
    assert_refused 1 "$cid: 2 blocks are damaged"
    assert_stderr --partial 'hint: codex-ec repair restores it'
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
    assert_refused 1 "$cid: column 0 lost 3 blocks, parity covers 2; so did 3 more columns"
    assert_stderr --partial 'hint: fetch 1 of blocks 0, 8, 16 first'
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
    assert_stderr --partial 'hint: codex-ec status shows what is lost'
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
