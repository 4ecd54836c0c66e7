# codex-prove slots, input, prove, verify: datasets of odd shapes, all the way to a verified proof.
load ../common
load proofs

# Up to 256 slots of up to 1024 cells of 128 bytes, four a block.
setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    codex-prove setup --quiet --max-depth 10 --max-log2-slots 8 --block-depth 2 --cell-elements 5 \
        --samples 2 -o key.zkey
}

setup() {
    codex_setup
    key=$BATS_FILE_TMPDIR/work/key.zkey
    circuit=(--max-depth 10 --max-log2-slots 8 --block-depth 2 --cell-elements 5 --samples 2)
}

# proves SLOTS BLOCKS ENCODE-OPTIONS [SLOTS-OPTION...]: the dataset on stdin has that many slots and
# blocks a slot, and its first, middle and last slot can be proven.
proves() {
    local slots=$1 blocks=$2 encode=$3 slot
    shift 3
    # shellcheck disable=SC2086
    cid=$(codex-chunk put --block-size 512 - | codex-ec encode $encode |
        codex-prove slots --cell-size 128 "$@")
    assert_equal "$(codex-prove status --json "$cid" | records | jq -c '[.slots, .blocks]')" "[$slots,$blocks]"
    codex-prove slots --check "$cid"
    for slot in 0 $((slots / 2)) $((slots - 1)); do
        codex-prove input "$cid" --slot "$slot" --entropy "$slot" "${circuit[@]}" |
            codex-prove witness --check "${circuit[@]}" |
            codex-prove prove --zkey "$key"
    done >proofs
    assert_equal "$(codex-prove batch-verify --zkey "$key" proofs)" $'3\t0'
}

@test "one block a slot, as few slots as there are" {
    gen 1 512 | proves 2 1 '-k 1 -m 1'
    gen 1 1 | proves 2 1 '-k 1 -m 1' --strategy stepped
    gen 1 1500 | proves 5 1 '-k 3 -m 2'
}

@test "eleven slots, padded, in both strategies" {
    gen 2 9000 | proves 11 4 '-k 6 -m 5'
    gen 2 9000 | proves 11 4 '-k 6 -m 5' --strategy stepped
}

@test "255 and 256 slots" {
    gen 3 102400 | proves 255 1 '-k 200 -m 55'
    gen 3 102400 | proves 256 1 '-k 200 -m 56' --strategy stepped
    # One more is more than the circuit has room for.
    cid=$(gen 3 102400 | codex-chunk put --block-size 512 - | codex-ec encode -k 200 -m 57 |
        codex-prove slots --cell-size 128)
    run_split codex-prove input "$cid" --slot 0 --entropy 1 "${circuit[@]}"
    assert_refused 65 'more than the circuit'
}

@test "the deepest slot there is room for, and a deeper one" {
    gen 4 200000 | proves 3 256 '-k 2 -m 1'
    cid=$(gen 4 300000 | codex-chunk put --block-size 512 - | codex-ec encode -k 2 -m 1 |
        codex-prove slots --cell-size 128)
    run_split codex-prove input "$cid" --slot 0 --entropy 1 "${circuit[@]}"
    assert_refused 65 'more than the circuit'
}

@test "nothing but zeros, and empty blocks that fill up the columns" {
    head -c 5000 /dev/zero | proves 3 8 '-k 2 -m 1'
    # 13 blocks in rows of four: the last row has three empty ones.
    gen 5 $((13 * 512)) | proves 6 4 '-k 4 -m 2'
    gen 5 $((13 * 512)) | proves 6 4 '-k 4 -m 2' --strategy stepped
}

@test "other cells and blocks need their own circuit, and have it" {
    circuit=(--max-depth 8 --max-log2-slots 3 --block-depth 3 --cell-elements 9 --samples 1)
    codex-prove setup --quiet "${circuit[@]}" -o key.zkey
    cid=$(gen 6 30000 | codex-chunk put --block-size 2048 - | codex-ec encode -k 3 -m 2 |
        codex-prove slots --cell-size 256)
    for slot in 0 4; do
        codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --slot $slot --entropy 3
    done >proofs
    assert_equal "$(codex-prove batch-verify --zkey key.zkey proofs)" $'2\t0'
}
