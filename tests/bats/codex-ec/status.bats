# codex-ec status and erase: what is seen of losses.
load ../common
load damage

setup() {
    codex_setup
    # 14 blocks as 4 rows of 4 columns (blocks 14 and 15 are padding), and 2 rows of parity.
    gen 7 $((13 * 65536 + 1)) | codex-chunk put - >plain
    codex-ec encode -k 4 -m 2 - <plain >cid
    cid=$(cat cid)
}

@test "a whole dataset is whole" {
    run_split codex-ec status "$cid"
    assert_success
    assert_output "$(printf '%s\twhole\t24\t0\t0\t0\ttree-whole\t2' "$cid")"
    refute_stderr
}

@test "a plain dataset has a status, too" {
    run_split codex-ec status - <plain
    assert_success
    assert_output "$(printf '%s\twhole\t14\t0\t0\t0\ttree-whole\t-' "$(cat plain)")"
    codex-ec erase --blocks 3 - <plain
    run_split codex-ec status --map - <plain
    assert_failure 1
    assert_line --index 0 "$(printf '%s\tlost\t14\t1\t0\t0\ttree-whole\t-' "$(cat plain)")"
    assert_line --index 1 '  slot 0 data         ###.##########'
}

@test "losses within parity are repairable, and exit with 1" {
    run_split codex-ec erase --slots 1,4 "$cid"
    assert_success
    assert_output "$(printf '%s\t8\t8\t4-7,16-19' "$cid")"
    run_split codex-ec status "$cid"
    assert_failure 1
    assert_output "$(printf '%s\trepairable\t24\t8\t0\t0\ttree-whole\t2' "$cid")"
    refute_stderr
}

@test "the map shows slots, columns, padding" {
    codex-ec erase --blocks 0,1,5,9,21 "$cid"
    run_split codex-ec status --map "$cid"
    assert_failure 1
    assert_line --index 0 "$(printf '%s\tlost\t24\t5\t0\t1\ttree-whole\t2' "$cid")"
    assert_line --index 1 '  slot 0 data         ..##'
    assert_line --index 2 '  slot 1 data         #.##'
    assert_line --index 3 '  slot 2 data         #.##'
    assert_line --index 4 '  slot 3 data         ##--'
    assert_line --index 5 '  slot 4 parity       ####'
    assert_line --index 6 '  slot 5 parity       #.##'
    assert_line --index 7 '  columns             r!=='
}

@test "a map that is too wide is compressed to COLUMNS" {
    gen 8 $((64 * 400)) | codex-chunk put - --block-size 64B | codex-ec encode -k 2 -m 1 >wide
    codex-ec erase --blocks 0-9,100 - <wide
    COLUMNS=62 run_split codex-ec status --map - <wide
    assert_failure 1
    assert_line --index 1 '  slot 0 data         ..##################+###################'
    assert_line --index 2 '  slot 1 data         ########################################'
    assert_line --index 4 '  columns             rr==================r==================='
    assert_output --partial 'one character: 5 columns'
}

@test "the map is plain where it is no terminal, and coloured when asked" {
    run_split codex-ec status --map "$cid"
    refute_output --partial $'\e['
    run_split codex-ec status --map --color always "$cid"
    assert_output --partial $'\e[32m####\e[0m'
    run_split codex-ec status --map --color never "$cid"
    refute_output --partial $'\e['
}

@test "the key of the map is as narrow as the terminal" {
    for columns in 40 30; do
        run_split env COLUMNS=$columns codex-ec status --map "$cid"
        assert_output --partial '# here'
        assert_output --partial '- padding'
        assert_output --partial '! lost'
        for line in "${lines[@]:1}"; do
            assert [ "${#line}" -le "$columns" ]
        done
    done
    run_split env COLUMNS=80 codex-ec status --map "$cid"
    assert_line '  # here  . missing  + partly missing  x damaged  - padding'
}

@test "on a terminal the map is there" {
    run script -qec "codex-ec status $cid" /dev/null
    assert_success
    assert_output --partial 'slot 5 parity'
}

@test "--json has slots and columns" {
    codex-ec erase --blocks 0,1,5,9,21 "$cid"
    run_json codex-ec status --json "$cid"
    assert_failure 1
    assert_equal "$(jq -c '[.type, .cid, .state, .k, .m, .steps, .blocks]' <<<"$output")" \
        "[\"status\",\"$cid\",\"lost\",4,2,4,24]"
    assert_equal "$(jq -c '[.missingBlocks, .damagedBlocks, .lostColumns]' <<<"$output")" \
        '[[0,1,5,9,21],[],1]'
    assert_equal "$(jq -c '[.slots[].missing]' <<<"$output")" '[2,1,1,0,0,1]'
    assert_equal "$(jq -c .columns <<<"$output")" \
        '[{"column":0,"lost":1,"repairable":true},{"column":1,"lost":4,"repairable":false}]'
}

@test "damaged bytes are found with --data" {
    damage_block "$cid" 6
    run_split codex-ec status "$cid"
    assert_success
    run_split codex-ec status --data --map "$cid"
    assert_failure 1
    assert_line --index 0 "$(printf '%s\trepairable\t24\t0\t1\t0\ttree-whole\t2' "$cid")"
    assert_line --index 2 '  slot 1 data         ##x#'
    run_json codex-ec status --data --json "$cid"
    assert_equal "$(jq -c '[.damagedBlocks, .dataRead]' <<<"$output")" '[[6],true]'
}

@test "status of several datasets from ls, one line each" {
    run_split bash -c 'codex-chunk ls | codex-ec status'
    assert_success
    assert_equal "${#lines[@]}" 2
}

@test "erase chooses by slots, blocks and at random, and says what it would do" {
    run_json codex-ec erase -n --json --slots 0,2-3 --blocks 1,20-21 "$cid"
    assert_success
    # Blocks 14 and 15 are padding.
    assert_equal "$(jq -c '[.indices, .erased, .dryRun]' <<<"$output")" \
        '[[0,1,2,3,8,9,10,11,12,13,20,21],12,true]'
    run_split codex-ec erase -n --slots 0,2-3 --blocks 1,20-21 "$cid"
    assert_output "$(printf '%s\t12\t12\t0-3,8-13,20-21' "$cid")"
    codex-ec status "$cid"
    codex-ec erase -n --json --random 5 --seed 42 "$cid" | records >first
    codex-ec erase -n --json --random 5 --seed 42 "$cid" | records >second
    assert_same first second
    assert_equal "$(jq '.indices | length' first)" 5
    assert_equal "$(jq .seed first)" 42
    codex-ec erase --random 22 --seed 1 "$cid"
    run_split codex-ec status "$cid"
    assert_failure 1
    assert_output "$(printf '%s\tlost\t24\t22\t0\t4\ttree-whole\t2' "$cid")"
    # What is gone is not there to be erased.
    for option in -n --fail-fast; do
        run_split codex-ec erase $option --slots 0-5 "$cid"
        assert_output "$(printf '%s\t22\t0\t0-13,16-23' "$cid")"
    done
}

@test "erase refuses what is not there" {
    run_split codex-ec erase "$cid"
    assert_refused 64 'nothing to erase was named'
    run_split codex-ec erase --slots 6 "$cid"
    assert_refused 65 'slot 6: the dataset has slots 0 to 5'
    run_split codex-ec erase --blocks 24 "$cid"
    assert_refused 65 'block 24: the dataset has blocks 0 to 23'
    run_split codex-ec erase --blocks 5-3 "$cid"
    assert_refused 64 'the range 5-3 ends before it begins'
    run_split codex-ec erase --blocks 1,x "$cid"
    assert_refused 64 "'x' is not a number"
    run_split codex-ec erase --random 23 "$cid"
    assert_refused 65 'only 22 blocks'
    run_split codex-ec erase --slots 0 "$(cat plain)"
    assert_refused 65 'a plain dataset has no slots'
    codex-ec status "$cid"
}

@test "status and encode say what parity covers where blocks are equal" {
    # Three blocks in two columns: the parity of the padded one is a copy of its only block.
    gen 9 $((3 * 65536)) | codex-chunk put - >three
    run_split codex-ec encode -k 2 -m 1 - <three
    assert_success
    assert_stderr "codex-ec: warning: $output: 2 of 6 blocks stand in several slots and are stored once:\
 in this repo none of 3 slots may be lost, not any 1"
    echo "$output" >protected
    run_split codex-ec status --map - <protected
    assert_success
    assert_line --index 0 --regexp $'\twhole\t6\t0\t0\t0\ttree-whole\t0$'
    assert_output --partial '  2 of 6 blocks stand in several slots and are stored once'
    run_json codex-ec status --json - <protected
    assert_equal "$(jq -c '[.sharedBlocks, .anySlots, .anySlotsExact]' <<<"$output")" '[2,0,true]'
    run_json codex-ec encode --json -k 2 -m 1 - <three
    assert_equal "$(jq -c '[.sharedBlocks, .anySlots, .anySlotsExact]' <<<"$output")" '[2,0,true]'
    # Of different blocks, what -m says.
    run_json codex-ec status --json "$cid"
    assert_equal "$(jq -c '[.sharedBlocks, .anySlots, .anySlotsExact]' <<<"$output")" '[0,2,true]'
}

@test "erase says which other blocks go with those that are named" {
    gen 9 $((3 * 65536)) | codex-chunk put - | codex-ec encode --quiet -k 2 -m 1 >protected
    run_split codex-ec erase -n --slots 0 - <protected
    assert_success
    assert_stderr "codex-ec: warning: $(cat protected): 1 other block has the same bytes and goes with\
 them (slot 2)"
    run_json codex-ec erase --json --slots 0 - <protected
    assert_equal "$(jq -c '[.blocksBeside, .slotsBeside]' <<<"$output")" '[1,[2]]'
    run_split codex-ec status - <protected
    assert_failure 1
    assert_output --partial $'\tlost\t6\t3\t'
    # A disk image: most of it zeros.
    { gen 9 $((5 * 65536)) && head -c $((15 * 65536)) /dev/zero; } | codex-chunk put - |
        codex-ec encode -k 4 -m 2 >image 2>warned
    grep -q 'in this repo none of 6 slots may be lost' warned
    run_split codex-ec erase --quiet --slots 3 - <image
    assert_success
    refute_stderr
    run_split codex-ec erase --slots 1 "$cid"
    refute_stderr
}
