# Hints about datasets, blocks and trees that are not here, or damaged.
load ../common
load hints
load stored

@test "a dataset that is not here" {
    codex-chunk rm "$plain"
    run_split codex-chunk get "$plain" -o back
    hint 'list what is here: codex-chunk ls'
    pasted 'codex-chunk ls'
    assert_output --partial "$coded"
}

@test "a block that is not here" {
    block=$(codex-merkle leaves "$coded" | sed -n 3p)
    codex-chunk rm "$coded@2"
    run_split codex-chunk block get "$block" -o back
    codex-chunk ls --blocks | grep -q "^$block.*missing"
    hint "it is block 2 of this dataset; repair it, or put or import the same data again: codex-ec repair $coded"
    # Where nobody knows whose it is, it is listed.
    part 'list what is here: codex-chunk ls --blocks; restore what a protected dataset lost: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_success
    codex-chunk block get "$block" -o back
}

@test "a block that is damaged" {
    damage_block "$plain" 3
    run_split codex-chunk block get "$plain@3" -o back
    hint "put the block or its dataset again, or repair its dataset: codex-ec repair $plain"
    part 'put the block or its dataset again, or repair its dataset: codex-ec repair CID; see whose it is: codex-chunk ls | codex-chunk verify -'
    # By its own CID, too, it leads to a dataset that has it; repair takes that, and does not lead back.
    block=$(codex-merkle leaves "$plain" | sed -n 4p)
    run_split codex-chunk block get "$block" -o back
    hint "it is block 3 of this dataset; repair it, or put or import the same data again: codex-ec repair $coded"
    part 'it is block {} of this dataset; repair it, or put or import the same data again: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_success
    codex-chunk block get "$block" -o back
    codex-chunk rm "$coded"
    damage_block "$plain" 3
    run_split codex-chunk block get "$block" -o back
    hint "it is block 3 of $plain, which nothing here protects; put or import the same data again: codex-chunk put FILE"
    part 'it is block {} of {}, which nothing here protects; put or import the same data again: codex-chunk put FILE'
    for command in 'codex-ec repair' 'codex-ec verify' 'codex-ec status'; do
        # shellcheck disable=SC2086 # words
        run_split $command "$block"
        assert_refused 65 "$block: the CID of a codex-block, not of a manifest"
        hint "that is block 3 of a dataset; take the whole dataset: $command $plain; get the block alone: codex-chunk block get $block"
        pasted "$command"
        assert_failure 1
        [[ $command == *status || $stderr == *'same data again'* ]] || fail "$stderr"
    done
    codex-chunk put file
    codex-ec encode -k 4 -m 2 "$plain"
    # In several datasets: each can be pasted, the plain one first.
    run_split codex-ec repair "$block"
    hint "that is block 3 of a dataset; take the whole dataset: codex-ec repair $plain; or: codex-ec repair $coded; get the block alone: codex-chunk block get $block"
    run_split codex-chunk verify
    assert_success
    damage_block "$plain" 3
    run_split codex-chunk verify
    assert_failure 1
    assert_stderr --partial 'whose these blocks are: codex-chunk ls | codex-chunk verify -'
    codex-chunk put file
    assert_whole
    damage_block "$plain" 3
    run_split codex-chunk block get "$plain@3" -o back
    codex-ec repair "$plain"
    assert_whole
    codex-chunk block get "$plain@3" -o block
    damage_block "$plain" 3
    codex-chunk block put block
    assert_whole
}

@test "a block that is in use" {
    block=$(codex-merkle leaves "$coded" | sed -n 18p) # of the parity, in one dataset
    run_split codex-chunk block rm "$block"
    assert_refused 1 "block $block: datasets have it, in 1 place"
    hint 'give up the bytes of this block alone: codex-chunk rm {0}@{1}; it goes with the datasets that have it, of which this is one: codex-chunk rm -n {0}' ||
        hint "give up the bytes of this block alone: codex-chunk rm $coded@17; it goes with the datasets that have it, of which this is one: codex-chunk rm -n $coded"
    part 'remove what has it first'
    # What is pasted takes no dataset away.
    pasted 'codex-chunk rm -n'
    assert_success
    run_split codex-chunk block rm "$block"
    pasted "codex-chunk rm $coded@"
    assert_success
    codex-chunk block has "$block" && fail 'it is there'
    codex-ec repair "$coded"

    block=$(codex-merkle leaves "$plain" | sed -n 3p)
    run_split codex-chunk block rm "$block"
    assert_refused 1 'in 2 places'
    pasted 'codex-chunk rm zD'
    codex-chunk block has "$block" && fail 'it is there'
    codex-ec repair "$coded"
    assert_whole

    run_split codex-chunk block rm "$plain"
    assert_refused 1 'it is the manifest of a dataset'
    hint 'it goes with the dataset and its data; see what that is: codex-chunk rm -n {}'
    pasted 'codex-chunk rm -n'
    assert_success
    assert_whole
    part 'it goes with the datasets that have it; list all: codex-chunk ls'
}

@test "a tree that is not here" {
    tree=$(codex-merkle root "$plain")
    codex-chunk rm "$plain"
    run_split codex-merkle leaves "$tree"
    hint 'a tree is here for as long as a dataset over it; list them: codex-chunk ls'
    codex-chunk put file
    codex-merkle leaves "$tree" >leaves
}

@test "a tree whose segment is cut short" {
    # The last thing that was written is the protected dataset's tree.
    truncate -s "$(($(stat -c %s "$segment") - 1500))" "$segment"
    run_split codex-chunk get "$coded" -o back
    hint "store the data again, or rebuild it where a protected dataset has it: codex-ec repair $coded"
    part 'store the data again, or rebuild it where a protected dataset has it: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_whole
}

@test "a tree with damaged nodes" {
    cut_tree "$coded" 40 >/dev/null || cut_tree "$coded" 20
    run_split codex-merkle proof "$coded" --index 1
    hint "repair its dataset: codex-ec repair $coded"
    part 'repair its dataset: codex-ec repair CID'
    pasted 'codex-ec repair'
    codex-merkle proof "$coded" --index 1
    cut_tree "$coded" 3
    run_split codex-merkle leaves "$coded"
    hint 'the tree of a protected dataset is restored so: codex-ec repair {}'
    part 'the tree of a protected dataset is restored so: codex-ec repair CID'
    pasted 'codex-ec repair'
    codex-merkle leaves "$coded" >leaves
}

@test "a label that is too long" {
    run_split codex-chunk put --label "$(printf 'x%.0s' {1..300})" file
    hint 'at most {} are kept'
    codex-chunk put --label "$(printf 'x%.0s' {1..255})" file
}
