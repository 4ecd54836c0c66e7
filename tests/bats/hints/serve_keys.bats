# Hints of the keys of nodes.
# At a time: 8
load ../common
load ../codex-serve/serve
load hints

@test "a key that is no file" {
    mkdir folder
    run_split codex-serve key check folder
    hint 'name another file'
    codex-serve key new another >/dev/null
    codex-serve key check another
}

@test "a key that is not there, is there already, or is not usable" {
    local command
    for command in id 'key show' 'key check'; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve $command
        hint 'make one: codex-serve key new'
    done
    run_split codex-serve key show 'my key'
    hint 'make one: codex-serve key new {}; name a file that there is'
    pasted 'codex-serve key new'
    assert_success
    run_split codex-serve key new 'my key'
    hint 'name another file; see whose it is: codex-serve key show {}'
    pasted 'codex-serve key show'
    assert_success
    chmod 644 'my key'
    run_split codex-serve key check 'my key'
    hint 'if nobody else has seen it, restrict it: chmod 600 {}; else make a new key'
    pasted 'chmod 600'
    run_split codex-serve key check 'my key'
    assert_success
    echo junk >'my key'
    run_split codex-serve id --net-privkey 'my key'
    hint 'name another file, or move this one away: mv {} {}.away'
    pasted 'mv '
    run_split codex-serve id --net-privkey 'my key'
    pasted 'codex-serve key new'
    assert_success
    run_split codex-serve key new deep/er/key
    hint 'make the folder first: mkdir -p {}'
    pasted 'mkdir -p'
    codex-serve key new deep/er/key
}

@test "the key of a node that has a data folder" {
    mkdir -m 700 'a data folder'
    codex-chunk -r 'a data folder/repo' init >/dev/null
    codex-serve key new 'a data folder/key' >made
    export CODEX_REPO='a data folder/repo'
    for words in 'key show' 'key check' 'id'; do
        run_split codex-serve $words
        assert_refused 66 'a data folder/repo/node/key'
        hint 'that of --data-dir is beside the repo: {} {}'
        pasted "codex-serve $words"
        assert_success
    done
    assert_output "$(cut -f1 made)"
    assert_not_exists "$CODEX_REPO/node/key"
}
