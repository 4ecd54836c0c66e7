# codex-chunk export
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    cid=$(codex-chunk put data)
}

@test "an archive goes through a pipe into another repo" {
    run_split bash -c "codex-chunk export $cid | codex-chunk -r other import"
    assert_success
    assert_output "$cid"
    refute_stderr
    codex-chunk -r other get "$cid" | cmp - data
    codex-chunk -r other verify
}

@test "several datasets are one archive, in order" {
    local second
    second=$(gen 1 70000 | codex-chunk put)
    codex-chunk export "$second" "$cid" -o two.car
    run_split codex-chunk -r other import two.car
    assert_output "$second
$cid"
}

@test "--zst compresses, and import sees that by itself" {
    head -c 1000000 /dev/zero | codex-chunk put >zeros
    codex-chunk export --zst "$(cat zeros)" -o zeros.car.zst
    zstd -qt zeros.car.zst
    assert [ "$(stat -c %s zeros.car.zst)" -lt 10000 ]
    run_split codex-chunk -r other import zeros.car.zst
    assert_output "$(cat zeros)"
}

@test "a dataset that is not whole is not exported" {
    codex-chunk rm "$cid@1" >/dev/null
    run_split codex-chunk export "$cid" -o out.car
    assert_refused 1 'block 1'
    assert_not_exist out.car
}

@test "the reference node's layout, and back" {
    run_split codex-chunk export "$cid" --to-nim node
    assert_success
    assert_line --regexp '^node	[0-9]+$'
    assert_exist node/repo/blocks/xY/zDxWB8EDCjDXLPgfYPrvMPYLSftcq5SEg1XTUBNjmmnDqdKWvhxY.dsobj
    run_split codex-chunk export "$cid" --to-nim node --zst
    assert_refused 64 --to-nim
}

@test "a warning names each dataset that import does not get back from such a folder" {
    few=$(gen 1 200000 | codex-chunk put | cut -f1) # of four blocks: all orders can be tried
    zeros=$(head -c 5000000 /dev/zero | codex-chunk put | cut -f1)
    many=$(gen 2 2000000 | codex-chunk put | cut -f1)
    local one
    for one in "$few" "$zeros"; do
        run_split codex-chunk export --to-nim "node-$one" "$one"
        assert_success
        assert_equal "$stderr" ''
        codex-chunk -r new import --from-nim "node-$one"
    done
    run_split codex-chunk export --to-nim node "$many" "$zeros"
    assert_success
    assert_stderr --partial "warning: $many: the order of a plain dataset's blocks is not in such a folder"
    assert_equal "$(grep -c warning <<<"$stderr")" 1
    run_split codex-chunk -r new import --from-nim node
    assert_failure 1
    assert_stderr --partial "$many"
    codex-chunk -r new get "$few" | cmp - <(gen 1 200000)
    codex-chunk -r new get "$zeros" | cmp - <(head -c 5000000 /dev/zero)
}

@test "what is not here, no dataset, no input" {
    run_split codex-chunk export zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc -o out
    assert_refused 1 zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    run_split codex-chunk export zzz -o out
    assert_refused 65 zzz
    run_split codex-chunk export -o out </dev/null
    assert_refused 66 'stdin: empty: no CID came'
    assert_not_exist out
}

@test "does not go to a terminal" {
    run_split script -qec "codex-chunk export $cid" /dev/null
    assert_failure 64
    assert_output --partial 'does not go to a terminal'
}
