# A small verifiable dataset and its circuit: cells of 128 bytes, four a block of 512.
# shellcheck shell=bash disable=SC2034 # used by the files that load this one

circuit=(--max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 2)
challenge=0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f

# $protected and $cid: six slots of four blocks, the last of each padding.
make_dataset() {
    gen 1 5000 >file
    protected=$(codex-chunk put --block-size 512 file | codex-ec encode -k 4 -m 2)
    cid=$(codex-prove slots --cell-size 128 "$protected")
}

# A key for the small circuit.
make_key() { codex-prove setup --quiet "${circuit[@]}" -o key.zkey; }

# make_shared: for setup_file: dataset and key, made once for all tests of a file.
make_shared() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    make_dataset
    make_key
    printf '%s\n' "$protected" "$cid" >cids
}

# use_shared: after codex_setup: a copy of them for this test, in its repo and its folder.
use_shared() {
    cp -r "$BATS_FILE_TMPDIR/repo" "$CODEX_REPO"
    cp "$BATS_FILE_TMPDIR"/work/* .
    { read -r protected && read -r cid; } <cids
}
