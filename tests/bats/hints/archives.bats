# Hints about archives, and about folders of nodes.
load ../common
load hints

setup() {
    codex_setup
    gen 1 1000000 >file
    plain=$(codex-chunk put file | cut -f1)
}

@test "archives: none, cut, damaged, another version" {
    # What is no archive is called that, however short it is.
    echo junk >'some junk'
    tar c file >file.tar
    gzip -c file >file.gz
    for none in file 'some junk' file.tar file.gz; do
        run_split codex-chunk import "$none"
        assert_refused 65 "$none: no archive: it does not begin as a CAR does"
        hint "import takes CAR archives, zstd or not, as export makes them; a file is stored so: codex-chunk put "
        part 'import takes CAR archives, zstd or not, as export makes them; a file is stored so: codex-chunk put {}'
        pasted 'codex-chunk put'
        assert_success
    done
    run_split codex-chunk import <<<junk
    assert_refused 65 'stdin: no archive: it does not begin as a CAR does'
    hint 'a file is stored so: codex-chunk put -'
    printf junk | zstd -q >junk.zst
    run_split codex-chunk import junk.zst
    assert_refused 65 'junk.zst: no archive'
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
    run_split codex-chunk verify
    assert_success
    codex-chunk get "$plain" | cmp - file
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
    coded=$(codex-ec encode -k 4 -m 2 "$plain")
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
    # So it is of plain ones that are more than a few blocks.
    run_split codex-chunk export --to-nim plain "$plain"
    assert_stderr --partial "warning: $plain: the order of a plain dataset's blocks is not in such a folder"
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
