# Archives go to and come from the IPFS project's own library.
load ../common

setup() {
    codex_setup
    INTEROP=$CODEX_SOURCE/tests/interop
    gen 1 300000 >file
    cid=$(codex-chunk put file | cut -f1)
}

@test "an exported archive is read by @ipld/car, every block with its hash" {
    run bash -c "codex-chunk export $cid | node $INTEROP/read-car.mjs"
    assert_success
    assert_line "root $cid"
    # 300000 bytes are five blocks, the last of them padded; beside them there is the manifest.
    assert_equal "$(grep -c '^block ' <<<"$output")" 6
    assert_equal "$(grep '^block ' <<<"$output" | grep -c ' 65536$')" 5
    assert_line --partial "block $cid "
}

@test "an exported protected dataset is read by @ipld/car" {
    coded=$(codex-ec encode -k 2 -m 1 "$cid" | cut -f1)
    run bash -c "codex-chunk export $coded | node $INTEROP/read-car.mjs"
    assert_success
    assert_line "root $coded"
}

@test "an archive that @ipld/car wrote is imported" {
    codex-chunk export "$cid" | node "$INTEROP/write-car.mjs" "$cid" >other.car
    run_split codex-chunk import -r other other.car
    assert_success
    assert_output --partial "$cid"
    codex-chunk get "$cid" -r other >back
    assert_same back file
}
