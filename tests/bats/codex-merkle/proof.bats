# codex-merkle proof: in hex, JSON and binary, of raw files, digests and datasets.
load ../common

@test "proofs are the network's, byte for byte" {
    vectors=$BATS_TEST_DIRNAME/../../vectors/data-model.json
    for i in 1 2 3 4 5 6 7 8 9 10; do printf '%032d' "$i" | sed 's/./3&/g;s/$/\n/'; done >digests
    run_split codex-merkle proof --digests digests --index 4
    assert_success
    assert_output "$(jq -r '.codexTree[-1].proofs[0].encodedHex' "$vectors")"
    refute_stderr
}

@test "hex, JSON and binary are one proof" {
    gen 9 655360 >ten
    hex=$(codex-merkle proof --raw ten --index 9)
    codex-merkle proof --raw ten --index 9 --format binary >binary
    assert_equal "$(od -An -v -tx1 binary | tr -d ' \n')" "$hex"
    codex-merkle proof --raw ten --index 9 --format binary -o named
    assert_same binary named
    run_split codex-merkle proof --raw ten --index 9 --format json
    assert_success
    assert_equal "$(jq -r '[.type, .index, .leaves, (.path | length), .proof] | @tsv' <<<"$output")" \
        "proof	9	10	4	0x$hex"
    assert_equal "$(jq -r .root <<<"$output")" "$(codex-merkle root --raw ten)"
    assert_equal "$(jq -r .leaf <<<"$output")" "$(codex-merkle leaves --raw ten | tail -n 1)"
    # The last leaf but one layer up has no sibling: 32 zero bytes.
    assert_equal "$(jq -r '.path[1]' <<<"$output")" "0x$(printf '0%.0s' {1..64})"
    json=$output
    run_split codex-merkle proof --raw ten --index 9 --json
    assert_output "$json"
}

@test "a dataset's proof is that of its bytes" {
    gen 9 655360 >ten
    codex-chunk put ten >cid
    for index in 0 4 9; do
        run_split codex-merkle proof --index "$index" - <cid
        assert_success
        assert_output "$(codex-merkle proof --raw ten --index "$index")"
    done
    run_split codex-merkle proof "$(codex-merkle root --raw ten)" --index 3
    assert_output "$(codex-merkle proof --raw ten --index 3)"
}

@test "refusals" {
    gen 9 655360 >ten
    run_split codex-merkle proof --raw ten
    assert_refused 64 '--index'
    run_split codex-merkle proof --raw ten --index 10
    assert_refused 65 'leaf 10 is outside'
    run_split codex-merkle proof --raw ten --index 18446744073709551615
    assert_refused 65 'outside'
    run_split codex-merkle proof --raw ten --index -1
    assert_refused 64 '--index'
    run_split codex-merkle proof --raw ten --index 1 --format xml
    assert_refused 64 '--format'
    codex-chunk put ten >cid
    run_split codex-merkle proof --index 10 - <cid
    assert_refused 65 'leaf 10'
}
