# codex-ec among other commands: the pipes that must work.
load ../common

setup() {
    codex_setup
    mkdir dir
    gen 1 262144 >dir/one
    gen 2 200000 >dir/two
}

@test "tar to a protected archive, compressed, and back on another machine" {
    tar c dir | codex-chunk put - | codex-ec encode -k 4 -m 2 | tee cid |
        codex-chunk export | zstd -q >archive.car.zst
    assert_equal "$(wc -l <cid)" 1
    export CODEX_REPO=$BATS_TEST_TMPDIR/other
    zstd -dqc archive.car.zst | codex-chunk import >imported
    assert_equal "$(cut -f1 imported)" "$(cat cid)"
    codex-ec erase --slots 1,2 - <cid
    codex-ec repair - <cid | codex-chunk get - | tar x --one-top-level=back
    assert_same dir/one back/dir/one
    assert_same dir/two back/dir/two
}

@test "many files through xargs and while read" {
    codex-chunk put dir/one dir/two | cut -f1 | xargs codex-ec encode -k 2 -m 1 >all
    assert_equal "$(wc -l <all)" 2
    while read -r cid; do codex-ec erase --slots 0 "$cid"; done <all
    xargs codex-ec repair <all >repaired
    assert_same all repaired
    codex-ec decode - <all >plain
    codex-chunk ls | awk -F '\t' '$3 == "plain" { print $1 }' | sort >listed
    sort plain >sorted
    assert_same sorted listed
}

@test "JSON of one command is the input of the next" {
    codex-chunk put --json dir/one dir/two | codex-ec encode --json -k 2 -m 1 |
        codex-ec erase --json --slots 2 | codex-ec repair --json | codex-ec verify --json >out
    assert_equal "$(jq -r .type out)" $'verified\nverified\nsummary'
}

@test "a reader that goes away ends the tool silently" {
    gen 3 200000 | codex-chunk put - | codex-ec encode -k 2 -m 1 >cid
    printf "$(<cid)\n%.0s" {1..2000} >many
    # shellcheck disable=SC2016 # for the inner shell
    run_split bash -c 'codex-ec status - <many | head -n 1; echo "${PIPESTATUS[0]}"'
    assert_line --index 1 141
    refute_stderr
}

@test "stdin that is not a list of CIDs is refused with its line" {
    codex-chunk init
    run_split codex-ec repair - <<<'{"no":"cid"}'
    assert_refused 65 'stdin line 1'
}
