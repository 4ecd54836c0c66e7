# Hints about datasets, their parity and archives.
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

@test "archives: none, cut, damaged, another version" {
    run_split codex-chunk import file
    hint 'archives are made by export; a file is stored so: codex-chunk put FILE'
    # The library tells other programs what it wants.
    part 'a CAR archive is needed, as other tools write them, too; make one of a dataset: codex-chunk export CID'
    codex-chunk export "$plain" -o archive
    codex-chunk rm "$plain"
    head -c 700000 archive >cut
    # Within a block, between two, compressed, within the header: it is not the wrong file, but half of it.
    codex-chunk -r OTHER import archive
    codex-chunk -r OTHER export --zst "$plain" -o archive.zst
    head -c 300000 archive.zst >cut.zst
    head -c 20 archive >cut.head
    for cut in cut cut.zst cut.head; do
        run_split codex-chunk import "$cut"
        assert_failure 65
        hint 'the archive is cut off; make or fetch it again'
    done
    head -c "$((700000 / 65536 * 65576))" archive >cut
    run_split codex-chunk import cut
    assert_failure 65
    part 'the archive is cut off, or another program wrote its blocks in an order that does not tell theirs in the dataset'
    cp archive bad
    printf '\0\0\0\0' | dd of=bad bs=1 seek=500000 conv=notrunc status=none
    run_split codex-chunk import bad
    hint 'the archive was damaged on the way; make or fetch it again'
    codex-chunk import archive
    assert_whole
    # {"version": 2} alone, as CAR v2 begins.
    printf '\x0a\xa1gversion\x02' >second
    run_split codex-chunk import second
    assert_failure 65
    part 'export the archive as CAR v1'
}

@test "more datasets than an archive holds" {
    yes "$plain" | head -n 300000 >list
    run_split codex-chunk export -o archive - <list
    hint 'export them in several archives'
    head -n 2 list | codex-chunk export -o archive -
}

@test "the folder of a node" {
    mkdir -p node/empty
    run_split codex-chunk import --from-nim node/empty
    hint "name the node's data directory, the one that holds 'repo'"
    # One block and one repeated: an order that can be found.
    truncate -s 200000 zeros
    cid=$(codex-chunk put zeros | cut -f1)
    codex-chunk export --to-nim node/data "$cid"
    codex-chunk rm "$cid"
    codex-chunk import --from-nim node/data
    codex-chunk get "$cid" | cmp - zeros
}

@test "a node's dataset whose order is not known" {
    gen 4 600000 | codex-chunk put >other
    other=$(cut -f1 other)
    codex-chunk export --to-nim node "$other"
    codex-chunk rm "$other"
    run_split codex-chunk import --from-nim node
    hint 'its blocks are imported; the file, or an archive of the dataset, completes it: codex-chunk put FILE'
    assert_equal "$(gen 4 600000 | codex-chunk put | cut -f1)" "$other"
    codex-chunk get "$other" | cmp - <(gen 4 600000)
}

@test "a node's protected dataset, whose order is not known" {
    encode
    run_split codex-chunk export --to-nim node "$coded"
    assert_success
    assert_stderr --partial "warning: $coded: the order of a protected dataset's blocks is not in such a folder"
    assert_stderr --partial "codex-chunk export $coded -o ARCHIVE"
    run_split codex-chunk -r new import --from-nim node
    assert_failure 1
    assert_stderr --partial "$coded"
    hint 'its blocks are imported; the file that was encoded completes it: codex-chunk -r new put FILE | codex-ec -r new encode -k 4 -m 2'
    part 'its blocks are imported; the file that was encoded completes it: codex-chunk put FILE | codex-ec encode -k {} -m {}'
    part 'its blocks are imported; an archive of it, made where it is whole, completes it: codex-chunk import ARCHIVE'
    run_split bash -c "codex-chunk$(sed 's/.*: codex-chunk//; s/FILE/file/' <<<"${stderr##*: hint: }")"
    assert_output "$coded"
    codex-chunk -r new get "$coded" | cmp - file
    # The other way: an archive.
    run_split codex-chunk -r other import --from-nim node
    assert_failure 1
    codex-chunk export "$coded" -o ARCHIVE
    assert_equal "$(codex-chunk -r other import ARCHIVE)" "$coded"
    codex-ec -r other verify "$coded"
    # Of plain ones it says nothing.
    run_split codex-chunk export --to-nim plain "$plain"
    refute_stderr
}

@test "folders in the place of archives" {
    truncate -s 200000 zeros
    cid=$(codex-chunk put zeros | cut -f1)
    codex-chunk export --to-nim 'a node' "$cid"
    codex-chunk rm "$cid"
    run_split codex-chunk import 'a node'
    assert_refused 65 'a node: is a folder'
    hint "read it as a node's data folder: codex-chunk import --from-nim {}"
    pasted 'codex-chunk import --from-nim'
    assert_output "$cid"
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

@test "compressed archives that are too much at once" {
    codex-chunk init --set --quota 2MiB
    head -c $((64 << 20)) /dev/zero | codex-chunk -r zeros put - >zeros.cid
    codex-chunk -r zeros export - --zst -o zeros.zst <zeros.cid
    run_split codex-chunk import zeros.zst
    hint 'when you trust it, pipe it in uncompressed: zstd -dc'
    zstd -dc zeros.zst | codex-chunk import
    # A window of 2 GiB, which the frame's header alone asks for.
    codex-chunk export "$plain" | zstd --ultra --long=31 -q -o wide.zst
    run_split codex-chunk import wide.zst
    hint 'pipe it in uncompressed, with more memory: zstd -dc --long=31'
    zstd -dc --long=31 wide.zst | codex-chunk import
    codex-chunk get "$plain" | cmp - file
}
