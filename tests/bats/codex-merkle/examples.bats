# The examples of codex-merkle(1) do what the page says.
load ../common

setup() {
    codex_setup
    mkdir dir && gen 1 150000 >dir/a && gen 2 100000 >dir/b
    tar -C dir --sort=name --mtime=@0 -cf photos.tar .
}

@test "the tree of a file and of the dataset that put makes are the same" {
    codex-chunk put photos.tar >photos.cid
    test "$(codex-merkle root "$(cat photos.cid)")" = "$(codex-merkle root --raw photos.tar)"
}

@test "a proof is made in one place and checked in another" {
    codex-merkle proof --raw photos.tar --index 2 >block2.proof
    dd if=photos.tar of=block2 bs=64K skip=2 count=1 status=none
    run_split codex-merkle verify block2.proof --root "$(codex-merkle root --raw photos.tar)" \
        --block block2
    assert_success
}

@test "blocks that occur more than once" {
    cat photos.tar photos.tar >twice.tar
    head -c 131072 photos.tar >a && cat a a >twice
    run_split bash -c 'codex-merkle leaves --raw twice | sort | uniq -d | wc -l'
    assert_output 2
}

@test "the root of a list of blocks" {
    run_split bash -c 'codex-merkle leaves --raw photos.tar | codex-merkle root --digests -'
    assert_success
    assert_output "$(codex-merkle root --raw photos.tar)"
}
