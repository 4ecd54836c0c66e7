# Hints about datasets and their parity.
load ../common
load hints
load ../codex-ec/damage

setup() {
    codex_setup
    gen 1 1000000 >file
    plain=$(codex-chunk put file | cut -f1)
}

encode() { coded=$(codex-ec encode -k 4 -m 2 "$plain"); }

assert_whole() {
    run_split codex-chunk verify
    assert_success
    codex-chunk get "$plain" | cmp - file
}

@test "a plain dataset that is damaged" {
    damage_block "$plain" 3
    run_split codex-chunk get "$plain" -o back
    hint 'nothing here protects it; put or import the same data again'
    codex-chunk put file
    assert_whole
    encode
    damage_block "$plain" 3
    run_split codex-chunk get "$plain" -o back
    hint "restore what a protected dataset of it covers: codex-ec repair $plain"
    part 'restore what a protected dataset of it covers: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_success
    assert_whole
    codex-chunk export "$plain" -o archive
    damage_block "$plain" 3
    run_split codex-chunk get "$plain" -o back
    codex-chunk import archive
    assert_whole
}

@test "a plain dataset that lacks a block is repaired by the same data alone" {
    codex-ec erase --blocks 3 "$plain"
    run_split codex-ec repair "$plain"
    hint 'put or import the same data again, which mends blocks and tree'
    codex-chunk put file
    codex-ec repair "$plain"
    assert_whole
}

@test "a protected dataset that lost too much" {
    encode
    codex-ec erase --slots 0,1,2 "$coded"
    run_split codex-chunk get "$coded" -o back
    hint "its column lost more than 2 blocks; see what must come from somewhere else: codex-ec repair $coded"
    part 'its column lost more than {}; see what must come from somewhere else: codex-ec repair CID' 'block'
    run_split codex-ec decode "$coded"
    hint "which they are, and how to put them: codex-ec repair $coded"
    part 'which they are, and how to put them: codex-ec repair CID'
    run_split codex-ec repair "$plain"
    hint 'see what must come from somewhere else: codex-ec repair {}'
    pasted "codex-ec repair $coded"
    assert_failure 1
    part '{} from a repo OTHER that has them, then repair the rest: for i in {}; do codex-chunk -r OTHER block get CID@$i | codex-chunk block put --expires 1d; done; codex-ec repair CID'
    hint "get them from a repo OTHER that has them, then repair the rest: for i in 0 1 2 3; do codex-chunk -r OTHER block get $coded@\$i | codex-chunk block put --expires 1d; done; codex-ec repair $coded"
    codex-chunk put file # has them
    codex-ec repair "$coded"
    assert_whole
    codex-chunk get "$coded" | cmp - file
}

@test "the way to have what is beyond repair: from another repo, block by block" {
    encode
    codex-chunk export "$coded" | codex-chunk -r OTHER import
    codex-chunk rm "$plain"
    # Two columns of four lose too much; in another one parity is enough.
    codex-ec erase --blocks 0,4,8,1,5,9,13,2 "$coded"
    run_split codex-ec repair "$coded"
    assert_failure 1
    assert_stderr --partial "2 columns lost more blocks than the 2 that parity covers: 0 (3), 1 (4); 3 blocks must come from somewhere else: "
    local index
    for index in 0 1 5; do
        assert_stderr --partial "$index $(codex-merkle leaves "$coded" | sed -n "$((index + 1))p")"
    done
    pasted_to_end 'for i in 0 1 5; do '
    assert_success
    assert_output --partial "$coded"
    codex-ec verify "$coded"
    # The blocks that were put are not kept for themselves when their day is over, nor lost with it.
    assert_equal "$(codex-chunk ls --blocks | awk -F '\t' '$5 != "-"' | wc -l)" 3
    export CODEX_NOW=4000000000
    codex-chunk gc
    assert_equal "$(codex-chunk ls --blocks | awk -F '\t' '$5 != "-"' | wc -l)" 0
    codex-ec verify "$coded"

    codex-ec erase --blocks 0,4,8 "$coded"
    run_split codex-ec repair "$coded"
    assert_refused 1 "$coded: column 0 lost 3 blocks, parity covers 2; 1 block must come from somewhere else: 0 "
    hint 'get it from a repo OTHER that has it, then repair the rest: codex-chunk -r OTHER block get {}@{} | codex-chunk block put --expires 1d; codex-ec repair {}'
    part 'get it from a repo OTHER that has it, then repair the rest: codex-chunk -r OTHER block get CID@{} | codex-chunk block put --expires 1d; codex-ec repair CID'
    pasted_to_end 'codex-chunk -r OTHER block get'
    assert_success
    codex-ec verify "$coded"
}

@test "export of a protected dataset that lacks blocks" {
    encode
    codex-ec erase --slots 0 "$coded"
    run_split codex-chunk export "$coded" -o archive
    hint "restore the block first: codex-ec repair $coded"
    part 'restore the block first: codex-ec repair CID'
    pasted 'codex-ec repair'
    codex-chunk export "$coded" -o archive
}

@test "encoding what is damaged, and what has a damaged tree" {
    damage_block "$plain" 3
    run_split codex-ec encode -k 4 -m 2 "$plain"
    hint 'put or import the dataset again, then encode it'
    codex-chunk put file
    encode
    codex-chunk rm "$coded"
    cut_tree "$plain" 3
    run_split codex-ec encode -k 4 -m 2 "$plain"
    hint 'put or import the dataset again, then encode it'
    codex-chunk put file
    encode
    assert_whole
}

@test "encoding what is encoded" {
    encode
    run_split codex-ec encode -k 3 -m 1 "$coded"
    hint "make the plain dataset, which can be encoded anew: codex-ec decode $coded"
    part 'make the plain dataset, which can be encoded anew: codex-ec decode CID'
    pasted 'codex-ec decode'
    codex-ec encode -k 3 -m 1 "$output"
}

@test "decoding with a damaged tree" {
    encode
    cut_tree "$coded" 3
    run_split codex-ec decode "$coded"
    hint "rebuild its damaged tree record: codex-ec repair $coded"
    part 'rebuild its damaged tree record: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_equal "$(codex-ec decode "$coded")" "$plain"
}

@test "a tree that nothing tells any more" {
    encode
    codex-chunk rm "$plain"
    cut_tree "$coded" 2
    run_split codex-ec repair "$coded"
    hint 'put the plain dataset (tree {}) or import it, then repair again'
    codex-chunk put file
    codex-ec repair "$coded"
    codex-ec verify "$coded"
}

@test "a tree record that its blocks do not give: the dataset, imported again" {
    encode
    codex-chunk export "$coded" -o archive
    part 'import the dataset again'
    codex-chunk rm "$plain"
    cut_tree "$coded" 2
    codex-ec erase --slots 4 "$coded" || true
    run_split codex-ec repair "$coded"
    assert_failure
    codex-chunk import archive
    codex-ec verify "$coded"
}

@test "verifying: what repair mends, and what is lost" {
    encode
    codex-ec erase --slots 0 "$coded"
    run_split codex-ec verify "$coded"
    hint "restore it: codex-ec repair $coded"
    part 'restore it: codex-ec repair CID'
    pasted 'codex-ec repair'
    codex-ec verify "$coded"
    codex-ec erase --slots 0,1,2 "$coded"
    run_split codex-ec verify "$coded"
    hint "see what must come from somewhere else: codex-ec repair $coded"
    part 'see what must come from somewhere else: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_failure 1
    assert_stderr --partial 'must come from somewhere else'
}

@test "options of encode" {
    run_split codex-ec encode "$plain"
    hint "for example: codex-ec encode -k 4 -m 2 $plain"
    part 'for example: {} {}{}' '-m {}' '-k {}' '--nodes {}'
    pasted 'codex-ec encode'
    assert_success
    run_split codex-ec encode --expires 30d -k 4 "$plain"
    hint "for example: codex-ec encode --expires 30d -k 4 -m 2 $plain"
    run_split codex-ec encode -k 4 -m 0 "$plain"
    hint 'choose m of 1 or more'
    run_split codex-ec encode -k 4 -m 5 "$plain"
    hint 'choose m of {} or less, or raise k'
    run_split codex-ec encode -k 0 -m 1 "$plain"
    hint 'choose k of 1 or more'
    run_split codex-ec encode -k 60000 -m 30000 "$plain"
    hint 'lower k or m'
    run_split codex-ec encode -k 5000000000 -m 1 "$plain"
    hint 'a column has at most 65536 blocks'
    run_split codex-ec encode --nodes 6 --tolerance 0 "$plain"
    hint 'choose a tolerance of 1 or more'
    run_split codex-ec encode --nodes 2 --tolerance 1 "$plain"
    hint 'choose nodes of {} or more with this tolerance'
    part 'twice the tolerance'
    run_split codex-ec encode --nodes 6 --tolerance 4 "$plain"
    hint 'choose a tolerance of {} or less with {}'
    part 'node'
    codex-ec encode --nodes 3 --tolerance 1 "$plain"
    codex-ec encode --nodes 6 --tolerance 3 "$plain"
    codex-ec encode -k 4 -m 4 "$plain"
}

@test "datasets that cannot be encoded as they are" {
    gen 2 500 >little
    short=$(codex-chunk put --block-size 100 little | cut -f1)
    run_split codex-ec encode -k 2 -m 1 "$short"
    hint 'store the dataset with such a block size, 64KiB for example'
    run_split codex-ec encode -k 2 -m 1 "$(codex-chunk put little | cut -f1)"
    hint 'the minimum size for k = {} is {} bytes; lower k or the block size'
    codex-ec encode -k 2 -m 1 "$(codex-chunk put --block-size 64 little | cut -f1)"
    # Of one block smaller ones can be made, of several there is the choice, and of a few bytes neither.
    pasted_to_end 'codex-chunk get'
    assert_success
    run_split codex-ec encode -k 10 -m 7 "$(gen 3 200000 | codex-chunk put -)"
    hint 'as many data blocks as it has: codex-ec encode -k 4 -m 4 {}; or in smaller blocks: codex-chunk get {} | codex-chunk put --block-size 16384 - | codex-ec encode -k 10 -m 7'
    part 'as many data blocks as it has: codex-ec encode -k {} -m {} CID'
    part 'or in smaller blocks: codex-chunk get CID | codex-chunk put --block-size {} - | codex-ec encode -k {} -m {}'
    local both=$stderr
    pasted 'codex-ec encode'
    assert_success
    stderr=$both pasted_to_end 'codex-chunk get'
    assert_success
    run_split codex-ec encode --nodes 6 --tolerance 2 "$(printf abc | codex-chunk put -)"
    pasted_to_end 'codex-ec encode -k 1 -m 1'
    assert_success
}

@test "commands for protected datasets, with a plain one" {
    run_split codex-ec decode "$plain"
    assert_refused 65 'the dataset is plain, not protected'
    hint "there is nothing to decode; get it: codex-chunk get $plain"
    part 'there is nothing to decode; get it: codex-chunk get CID'
    pasted_to_end 'codex-chunk get'
    assert_success
    run_split codex-ec status --map "$plain"
    part 'encode it first, or name the protected dataset'
    encode
    codex-ec decode "$coded"
}

@test "what to erase" {
    run_split codex-ec erase --slots 1 "$plain"
    hint '--blocks and --random work on plain datasets, too'
    run_split codex-ec erase "$plain"
    hint '--slots 1,3, --blocks 5,9-12, or --random 10'
    run_split codex-ec erase --blocks a "$plain"
    hint 'a list looks like 5,9-12'
    codex-ec erase --blocks 5,9-12 "$plain"
    codex-ec erase --random 2 "$plain"
}

@test "an empty file" {
    : >empty
    run_split codex-chunk put empty
    hint 'a dataset has at least one byte'
    printf x >>empty
    codex-chunk put empty
}

# forge_parity: a protected dataset whose first parity block is not what its data gives; $forged.
forge_parity() {
    encode
    codex-chunk block get "$coded@16" -o before
    gen 9 65536 >after
    codex-merkle leaves "$coded" >leaves
    sed -i "17s/.*/$(codex-merkle leaves --raw after | cut -f1)/" leaves
    forge "$coded" "$(digest_of "$(codex-merkle root "$coded")")" \
        "$(digest_of "$(codex-merkle root --digests leaves | grep -o 'z[A-Za-z0-9]*' | head -1)")" \
        --block before after
    forged=$(forged_cid)
}

@test "parity that the data does not give" {
    forge_parity
    run_split codex-ec verify "$forged"
    hint 'do not rely on it; decode it and encode it again'
    codex-ec verify "$(codex-ec encode -k 4 -m 2 "$(codex-ec decode "$forged")")"
    codex-chunk rm "$coded" "$plain"
    codex-ec erase --blocks 0 "$forged"
    run_split codex-ec repair "$forged"
    assert_stderr --partial 'the parity of column 0 does not fit the data; 1 block must come from somewhere else: 0 '
    codex-chunk put file # has it
    codex-ec repair "$forged"
    codex-chunk get "$forged" | cmp - file
}

@test "a dataset that protects another one than it says" {
    encode
    forge "$coded" "$(digest_of "$(codex-merkle root "$plain")")" "$(printf 'ab%.0s' {1..32})"
    run_split codex-ec verify "$(forged_cid)"
    hint 'do not rely on it; encode the plain dataset again'
    codex-ec verify "$(codex-ec encode -k 4 -m 2 "$plain")"
}
