# The examples of codex-merkle(1), run as they stand in the page.
load ../common

setup() {
    codex_setup
    mkdir dir && gen 1 150000 >dir/a && gen 2 100000 >dir/b
    tar -C dir --sort=name --mtime=@0 -cf photos.tar .
}

@test "the tree of a file and of the dataset that put makes are the same" {
    example codex-merkle.1 "What would this file's tree be"
    assert_success
    assert_output --regexp '^zDz'
    example codex-merkle.1 'Is it the same'
    assert_success
}

@test "a proof is made in one place and checked in another" {
    example codex-merkle.1 'Prove that a block belongs'
    assert_success
    assert_output --regexp '^zDx.*	2	[0-9]+$'
}

@test "blocks that occur more than once" {
    head -c 131072 photos.tar >a && cat a a >photos.tar
    example codex-merkle.1 'Which blocks occur'
    assert_success
    assert_equal "${#lines[@]}" 2
}

@test "the root of a list of blocks" {
    example codex-merkle.1 'The root of a list'
    assert_success
    assert_output "$(codex-merkle root --raw photos.tar)"
}
