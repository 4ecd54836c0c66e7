# What every command says when the repo is not as it should be.
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    cid=$(codex-chunk put data)
}

@test "a repo of a newer version is refused, with what can read it" {
    sed -i 's/[0-9]\+/999/' "$CODEX_REPO/version"
    local command
    for command in ls space verify "get $cid -o out" "put data" gc; do
        # shellcheck disable=SC2086
        run_split codex-chunk $command
        assert_refused 78 999
    done
    assert_not_exist out
}

@test "a read-only repo can be read, and says why it cannot be written" {
    local own
    own=$(printf own | codex-chunk block put)
    chmod -R a-w "$CODEX_REPO"
    as_reader() { "$@"; }
    if [[ $(id -u) == 0 ]]; then
        # Root writes where it likes, but not without its capabilities.
        as_reader() { setpriv --bounding-set=-all "$@"; }
    fi
    run_split as_reader codex-chunk ls
    assert_success
    as_reader codex-chunk get "$cid" | cmp - data
    as_reader codex-chunk verify
    run_split as_reader codex-chunk rm "$cid"
    assert_refused 77 "$CODEX_REPO"
    run_split as_reader codex-chunk put data
    assert_failure 77
    run_split as_reader codex-chunk gc
    assert_refused 77 "$CODEX_REPO"
    # What only says what it would do needs no right to do it.
    local command
    for command in "codex-chunk gc" "codex-chunk rm $cid" "codex-chunk rm $cid@0" \
        "codex-chunk block rm $own" "codex-ec erase --blocks 0 $cid"; do
        # shellcheck disable=SC2086 # words
        run_split as_reader $command -n
        assert_success
        refute_stderr
    done
    chmod -R u+w "$CODEX_REPO"
}

@test "a folder that is no repo is refused and left alone" {
    mkdir folder
    echo precious >folder/file
    run_split codex-chunk -r folder put data
    assert_failure
    assert_output ''
    assert_equal "$(ls folder)" file
}

@test "an index that is no index is refused" {
    find "$CODEX_REPO" -name '*.mdb' ! -name 'lock.mdb' -exec sh -c 'head -c 100000 /dev/urandom >"$1"' _ {} \;
    run_split codex-chunk ls
    assert_failure 65
    assert_output ''
    assert_stderr --partial 'hint: '
}
