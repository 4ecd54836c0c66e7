# codex-chunk import
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    cid=$(codex-chunk put data)
    codex-chunk export "$cid" -o data.car
    export CODEX_REPO=$PWD/other
}

@test "prints what it took in, from files and stdin" {
    run_split codex-chunk import data.car
    assert_success
    assert_output "$cid"
    refute_stderr
    codex-chunk get "$cid" | cmp - data
    run_split codex-chunk import <data.car
    assert_output "$cid"
    run_split codex-chunk import - data.car <data.car
    assert_equal "${#lines[@]}" 2
}

@test "a flipped bit is refused and nothing is kept" {
    local offset
    offset=$(($(stat -c %s data.car) / 2))
    printf '\xff\x00\xff' | dd of=data.car bs=1 seek="$offset" conv=notrunc status=none
    run_split codex-chunk import data.car
    assert_failure
    assert_output ''
    assert_stderr --partial data.car
    run codex-chunk ls
    assert_output ''
}

@test "a truncated archive is refused, wherever it ends" {
    local size cut
    size=$(stat -c %s data.car)
    for cut in 0 1 10 100 70000 $((size - 1)); do
        head -c "$cut" data.car >cut.car
        run_split codex-chunk import cut.car
        assert_failure 65
        assert_output ''
        assert_stderr --partial cut.car
    done
}

@test "what is no archive is refused" {
    run_split codex-chunk import data
    assert_failure 65
    assert_stderr --partial data
    run_split codex-chunk import nothing data.car
    assert_failure 66
    assert_output "$cid"
}

@test "JSON ends with a summary; --expires is kept" {
    run_split codex-chunk import --json --expires @1900000000 data.car
    assert_success
    assert_equal "$(jq -r '.type' <<<"$output" | paste -sd' ')" 'dataset summary'
    assert_equal "$(jq -c 'select(.type == "summary") | [.datasets, .looseBlocks]' <<<"$output")" \
        '[1,0]'
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1900000000
}

@test "the reference node's folder: a few blocks are put in order" {
    codex-chunk -r "$BATS_TEST_TMPDIR/repo" export "$cid" --to-nim node
    run_split codex-chunk import --from-nim node
    assert_success
    assert_output "$cid"
    refute_stderr
    codex-chunk get "$cid" | cmp - data
}

@test "the reference node's folder: many blocks come in, a known tree is completed" {
    local large
    large=$(gen 1 3000000 | codex-chunk -r "$BATS_TEST_TMPDIR/repo" put)
    codex-chunk -r "$BATS_TEST_TMPDIR/repo" export "$large" --to-nim node
    codex-chunk -r "$BATS_TEST_TMPDIR/repo" export "$large" -o large.car
    run_split codex-chunk import --from-nim node
    assert_refused 1 "$large: the order of its blocks is not known"
    assert_equal "$(codex-chunk ls --blocks | wc -l)" 47
    codex-chunk import large.car >/dev/null
    codex-chunk rm "$large@1" >/dev/null
    run_split codex-chunk import --from-nim node
    assert_success
    assert_output "$large"
    codex-chunk get "$large" | cmp - <(gen 1 3000000)
}

@test "a folder that is none, and a folder with files" {
    run_split codex-chunk import --from-nim nowhere
    assert_refused 66 nowhere
    run_split codex-chunk import --from-nim . data.car
    assert_refused 64 --from-nim
}

@test "over the quota nothing is kept" {
    codex-chunk init --quota 100KiB >/dev/null
    run_split codex-chunk import data.car
    assert_refused 74 quota
    run codex-chunk ls
    assert_output ''
}
