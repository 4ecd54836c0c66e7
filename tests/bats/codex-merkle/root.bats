# codex-merkle root: of raw files, lists of digests, and datasets in the repo.
load ../common

vectors=$BATS_TEST_DIRNAME/../../vectors/data-model.json

# vector NAME FIELD: of the group "datasets".
vector() { jq -r --arg name "$1" ".datasets[] | select(.name == \$name) | .$2" "$vectors"; }

@test "a raw file's root is the tree of the reference network's dataset" {
    gen 0 65536 >one && gen 0 65537 >two && gen 7 200000 >four && gen 9 655360 >ten
    for pair in 'one:65536 bytes stream 0' 'two:65537 bytes stream 0' \
        'four:200000 bytes stream 7' 'ten:655360 bytes stream 9 (10 blocks)'; do
        run_split codex-merkle root --raw "${pair%%:*}"
        assert_success
        assert_output "$(vector "${pair#*:}" treeCid)"
        refute_stderr
    done
    run_split codex-merkle root --raw - <<<'' # a single byte, the line end
    assert_success
    run_split bash -c 'printf a | codex-merkle root --raw -'
    assert_output "$(vector '1 byte 0x61' treeCid)"
}

@test "the same bytes in a pipe, in pieces, with one thread or portable code: the same root" {
    gen 9 655360 >ten
    expected=$(vector '655360 bytes stream 9 (10 blocks)' treeCid)
    run_split bash -c '(head -c 100000; cat) <ten | codex-merkle root --raw -'
    assert_output "$expected"
    run_split codex-merkle root -j 1 --raw ten
    assert_output "$expected"
    for kernels in portable avx2 avx2-nosha; do
        CODEX_CPU=$kernels run_split codex-merkle root --raw ten
        assert_output "$expected"
    done
}

@test "another block size is another tree, and the one of its leaves" {
    gen 3 10000 >file
    run_split codex-merkle root --raw file --block-size 1KiB
    assert_success
    small=$output
    assert_not_equal "$small" "$(codex-merkle root --raw file)"
    leaves=$(for i in 0 1 2 3 4 5 6 7 8 9; do
        dd if=file bs=1024 skip=$i count=1 conv=sync status=none | sha256sum | cut -d ' ' -f 1
    done)
    run_split codex-merkle root --digests - <<<"$leaves"
    assert_success
    assert_output "$small"
}

@test "digests as hex in both cases, as CIDs, as the first field, and as JSON" {
    gen 9 655360 >ten
    expected=$(codex-merkle root --raw ten)
    codex-merkle leaves --raw ten >cids
    codex-merkle tree --raw ten | awk '$1 == 0 { print $3 }' >hex
    run_split codex-merkle root --digests cids
    assert_output "$expected"
    run_split codex-merkle root --digests hex
    assert_output "$expected"
    tr a-f A-F <hex >upper
    run_split codex-merkle root --digests upper
    assert_output "$expected"
    sed 's/$/\tand more/' cids >fields
    run_split codex-merkle root --digests fields
    assert_output "$expected"
    run_split bash -c 'codex-merkle leaves --json --raw ten | codex-merkle root --digests -'
    assert_output "$expected"
}

@test "--json tells the root, the leaves and the depth" {
    gen 7 200000 >four
    run_json codex-merkle root --json --raw four
    assert_success
    assert_equal "$(jq -r '[.type, .cid, .leaves, .depth, .datasetSize] | @tsv' <<<"$output")" \
        "root	$(vector '200000 bytes stream 7' treeCid)	4	2	200000"
    hash=$(jq -r .root <<<"$output")
    assert_equal "0x$(codex-merkle tree --raw four | tail -n 1 | cut -f 3)" "$hash"
}

@test "a dataset's root is that of its bytes; several are told apart" {
    gen 9 655360 >ten && gen 7 200000 >four
    ten=$(codex-chunk put ten | cut -f 1)
    four=$(codex-chunk put four | cut -f 1)
    run_split codex-merkle root "$ten"
    assert_success
    assert_output "$(codex-merkle root --raw ten)"
    tree=$output
    run_split codex-merkle root "$tree" # the tree's own CID
    assert_output "$tree"
    expected="$tree	$ten
$(codex-merkle root --raw four)	$four"
    run_split codex-merkle root "$ten" "$four"
    assert_output "$expected"
    run_split bash -c "printf '%s\tname\n' $ten $four | codex-merkle root"
    assert_output "$expected"
}

@test "one bad input of several is reported, the others are answered" {
    gen 9 655360 >ten
    ten=$(codex-chunk put ten | cut -f 1)
    run_split codex-merkle root nonsense "$ten"
    assert_failure 65
    assert_output "$(codex-merkle root --raw ten)	$ten"
    assert_stderr --partial 'nonsense'
    run_split codex-merkle root --fail-fast nonsense "$ten"
    assert_failure 65
    assert_output ''
}

@test "refusals: one line, the cause, the exit code" {
    : >empty
    run_split codex-merkle root --raw empty
    assert_refused 65 'empty: no bytes'
    run_split codex-merkle root --digests empty
    assert_refused 66 'empty: empty: no digest came'
    run_split codex-merkle root --raw nowhere
    assert_refused 66 'nowhere'
    run_split codex-merkle root --digests - <<<'abcd'
    assert_refused 65 'abcd'
    run_split codex-merkle root --digests - <<<$'zDxWB8EDDsokSpiTXNRpv1jS2LXjEdLgTiDfxFd7Eo8CSPKVj93r\nzDxW'
    assert_refused 65 'stdin digest 1'
    run_split codex-merkle root --raw x --digests y
    assert_refused 64 'exclude each other'
    run_split codex-merkle root --raw x zDvCID
    assert_refused 64 'exclude each other'
    run_split codex-merkle root --block-size 1KiB zDvCID
    assert_refused 64 '--block-size'
    gen 0 10 >ten
    run_split codex-merkle root --raw ten --block-size 0
    assert_refused 64 'block size 0'
    run_split codex-merkle root --raw ten --block-size 65MiB
    assert_refused 64 'block size 68157440'
    run_split codex-merkle root zDvZRwzkvmgWzSgotGJSsx5aQFPkFVpwZgcBo4Sdi8t1yPftrs32
    assert_refused 66 'repo'
}

@test "a dataset or tree that is not here, and a CID of another kind" {
    codex-chunk init
    missing=zDvZRwzkvmgWzSgotGJSsx5aQFPkFVpwZgcBo4Sdi8t1yPftrs32
    run_split codex-merkle root "$missing"
    assert_refused 1 "$missing"
    run_split codex-merkle root zDzSvJTf6oUdiAAPQiRisQkfoT5gqvi52p4sDLz5HH3krBtMybgW
    assert_refused 1 zDzSvJTf6oUdiAAPQiRisQkfoT5gqvi52p4sDLz5HH3krBtMybgW
    run_split codex-merkle root zDxWB8EDCcpV9LuPUkwpiF1z3tsZ3RXKCMvEZV5a8ChuGJCgaxhk
    assert_refused 65 'neither a manifest nor a tree'
}
