# codex-merkle tree: every node, as text, JSON and in the wire form.
load ../common

@test "layers from the leaves up, the root last, odd nodes with their keys" {
    gen 1 300000 >five # blocks: 5, 3, 2, 1 nodes
    run_split codex-merkle tree --raw five
    assert_success
    assert_equal "$(cut -f 1,2 <<<"$output" | tr '\t\n' '. ')" \
        '0.0 0.1 0.2 0.3 0.4 1.0 1.1 1.2 2.0 2.1 3.0 '
    node() { awk -v l="$1" -v i="$2" '$1 == l && $2 == i { print $3 }' <<<"$output"; }
    parent() { # LEFT RIGHT KEY
        printf '%b' "$(sed 's/../\\x&/g' <<<"$1$2$3")" | sha256sum | cut -d ' ' -f 1
    }
    zero=$(printf '0%.0s' {1..64})
    assert_equal "$(node 1 0)" "$(parent "$(node 0 0)" "$(node 0 1)" 01)"
    assert_equal "$(node 1 2)" "$(parent "$(node 0 4)" "$zero" 03)"
    assert_equal "$(node 2 0)" "$(parent "$(node 1 0)" "$(node 1 1)" 00)"
    assert_equal "$(node 2 1)" "$(parent "$(node 1 2)" "$zero" 02)"
    assert_equal "$(node 3 0)" "$(parent "$(node 2 0)" "$(node 2 1)" 00)"
    assert_equal "0x$(node 3 0)" "$(codex-merkle root --json --raw five | records | jq -r .root)"
}

@test "one leaf is compressed once" {
    printf a >one
    run_split codex-merkle tree --raw one
    assert_success
    assert_equal "${#lines[@]}" 2
}

@test "--json and --format json are the same records" {
    gen 1 300000 >five
    codex-merkle tree --raw five >text
    codex-merkle tree --raw five --json | records >json
    run_json codex-merkle tree --raw five --format json
    assert_success
    assert_output "$(<json)"
    assert_equal "$(jq -r '[.layer, .index, .hash[2:]] | @tsv' <<<"$output")" "$(<text)"
    assert_equal "$(jq -r .type <<<"$output" | sort -u)" node
}

@test "the binary form is the network's, byte for byte" {
    vectors=$BATS_TEST_DIRNAME/../../vectors/data-model.json
    # The reference's own ten leaves: decimal numbers in 32 digits.
    for i in 1 2 3 4 5 6 7 8 9 10; do printf '%032d' "$i" | sed 's/./3&/g;s/$/\n/'; done >digests
    codex-merkle tree --digests digests --format binary >tree.bin
    run_split sha256sum tree.bin
    assert_output "$(jq -r '.codexTree[-1].encodedTreeSha256' "$vectors")  tree.bin"
    codex-merkle tree --digests digests --format binary -o named.bin
    assert_same tree.bin named.bin
    run_split codex-merkle root --digests digests
    assert_output "$(jq -r '.codexTree[-1].rootCid' "$vectors")"
}

@test "a dataset's tree, by its CID on stdin" {
    gen 1 300000 >five
    codex-chunk put five >cid
    run_split codex-merkle tree - <cid
    assert_success
    assert_output "$(codex-merkle tree --raw five)"
    run_split codex-merkle tree "$(cut -f 1 cid)" "$(cut -f 1 cid)"
    assert_refused 64 'one CID at a time'
}

@test "-o leaves nothing behind when the input is bad" {
    run_split codex-merkle tree --raw nowhere --format binary -o out
    assert_failure 66
    assert_not_exist out
}

@test "a reader that closes the pipe ends it without a word" {
    gen 1 300000 >five
    run_split bash -c 'codex-merkle tree --raw five --block-size 16 | head -n 1; echo "${PIPESTATUS[0]}"'
    assert_line --index 1 141
    refute_stderr
}
