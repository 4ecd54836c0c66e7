# codex-merkle verify: 0 for a proof that holds, 1 with the reason for one that does not, 65 for what
# is no proof.
load ../common

setup() {
    codex_setup
    gen 9 655360 >ten
    root=$(codex-merkle root --raw ten)
    leaf=$(codex-merkle leaves --raw ten | sed -n 6p)
    codex-merkle proof --raw ten --index 5 >proof
}

verify() { run_split codex-merkle verify --root "$root" --leaf "$leaf" "$@"; }

@test "a valid proof, in every form, from stdin and from a file" {
    codex-merkle proof --raw ten --index 5 --format binary >binary
    codex-merkle proof --raw ten --index 5 --format json >json
    jq .proof json >string
    jq '{blkCid: .leaf, proof}' json >metadata # as the reference node keeps it
    tr a-f A-F <proof >upper
    for form in proof binary json string metadata upper; do
        verify <"$form"
        assert_success
        assert_output "$leaf	5	10"
        refute_stderr
        verify "$form"
        assert_success
    done
    verify --json <proof
    assert_equal "$(jq -c '[.type, .valid, .index, .leaves]'  < <(records <<<"$output"))" '["verified",true,5,10]'
}

@test "root and leaf as hex; the block instead of its CID" {
    hex=$(codex-merkle root --json --raw ten | records | jq -r .root)
    digest=$(codex-merkle tree --raw ten | awk '$1 == 0 && $2 == 5 { print $3 }')
    run_split codex-merkle verify --root "$hex" --leaf "$digest" proof
    assert_success
    run_split codex-merkle verify --root "${hex#0x}" --leaf "0x$digest" proof
    assert_success
    dd if=ten of=block bs=64K skip=5 count=1 status=none
    run_split codex-merkle verify --root "$root" --block block proof
    assert_success
    run_split codex-merkle verify --root "$root" --block - proof <block
    assert_success
    dd if=ten of=other bs=64K skip=4 count=1 status=none
    run_split codex-merkle verify --root "$root" --block other proof
    assert_refused 1 'the proof is not valid'
}

@test "every leaf's proof holds for it and for no neighbour" {
    codex-merkle leaves --raw ten >leaves
    for index in 0 1 2 3 4 5 6 7 8 9; do
        codex-merkle proof --raw ten --index "$index" >one
        leaf=$(sed -n $((index + 1))p leaves)
        verify --index "$index" --leaves 10 one
        assert_success
        leaf=$(sed -n $(((index + 1) % 10 + 1))p leaves)
        verify one
        assert_refused 1 'the proof is not valid'
    done
}

@test "expectations of index and number of leaves" {
    verify --index 4 proof
    assert_refused 1 'about leaf 5, not leaf 4'
    verify --leaves 11 proof
    assert_refused 1 '10 leaves, not of 11'
}

@test "a damaged proof: 1 when it can still be read, and why" {
    # A node of the path.
    sed 's/.$/0/;t' proof | sed 's/\(.*\)../\1ff/' >path
    verify path
    assert_refused 1 'leads to root'
    # The index, the leaf count, the hash.
    sed 's/^0812\(10\)05/0812\104/' proof >index
    verify index
    assert_refused 1 'the proof is not valid'
    sed 's/^0812100518../0812100a180a/' proof >outside
    verify outside
    assert_refused 1 'index 10 is outside'
    sed 's/^08121005180a/081210051820/' proof >deeper
    verify deeper
    assert_refused 1 'needs 5'
    sed 's/^0812/0813/' proof >hash
    verify hash
    assert_refused 1 'hash codec 0x13'
    # A value in the place of a missing sibling.
    leaf=$(codex-merkle leaves --raw ten | tail -n 1)
    codex-merkle proof --raw ten --index 9 >last
    verify last
    assert_success
    zero=$(printf '0%.0s' {1..64})
    sed "s/$zero/${zero/%0/1}/" last >smuggled
    verify smuggled
    assert_refused 1 'no sibling'
    verify --json smuggled
    assert_failure 1
    assert_equal "$(jq -r '[.type, .code, .exit] | @tsv' <<<"$stderr")" 'error	proof.invalid	1'
}

@test "what is no proof: 65" {
    : >empty && head -c 40 proof >cut && echo '{"index": 5}' >object && echo '{"proof"' >json
    head -c 1000 ten >garbage
    echo zzzz >text
    verify empty
    assert_refused 66 'empty: empty: no proof came'
    for input in cut object json garbage text; do
        verify "$input"
        assert_refused 65 "$input"
    done
    verify nowhere
    assert_refused 66 nowhere
    head -c 5000000 /dev/zero >long
    verify long
    assert_refused 65 'larger than'
}

@test "usage" {
    run_split codex-merkle verify --leaf "$leaf" proof
    assert_refused 64 '--root'
    run_split codex-merkle verify --root "$root" proof
    assert_refused 64 '--leaf and --block'
    run_split codex-merkle verify --root "$root" --leaf "$leaf" --block ten proof
    assert_refused 64 '--leaf and --block'
    run_split codex-merkle verify --root "$leaf" --leaf "$leaf" proof
    assert_refused 65 'is not the CID of a tree'
    run_split codex-merkle verify --root "$root" --leaf 12 proof
    assert_refused 64 '--leaf'
    run_split codex-merkle verify --root zz --leaf "$leaf" proof
    assert_refused 64 '--root: "zz" is not a CID'
    run_split codex-merkle verify --root "$root" --block - <proof
    assert_refused 64 'both be stdin'
}
