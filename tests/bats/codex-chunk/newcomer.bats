# What somebody meets who sees the tools for the first time: each mistake says what to do, and doing it helps.
load ../common

# hint: the text of the last run's hint.
hint() { sed -n 's/^codex-[a-z]*: hint: //p' <<<"$stderr"; }

@test "no repo yet: every command says how one is made" {
    local cid=zDvZRwzkvhaC8zi1CLqTZ9bU3u8XgNvvYDgNF4KAzTgNSNfixxxf command
    for command in 'codex-chunk ls' 'codex-chunk verify' 'codex-chunk gc' "codex-chunk get $cid" \
        "codex-ec status $cid" "codex-merkle root $cid" "codex-prove roots $cid"; do
        # shellcheck disable=SC2086 # words
        run_split $command
        assert_refused 66 "$CODEX_REPO: no repo there"
        # Most probably it is somewhere else.
        assert_equal "$(hint)" 'name the folder of a repo with --repo DIR, or in CODEX_REPO; a new repo is made by the first put, or so: codex-chunk init'
        assert_not_exist "$CODEX_REPO"
    done
    # With -r, the command that is offered is about that folder.
    run_split codex-chunk -r 'my repo' ls
    assert_refused 66 'my repo: no repo there'
    assert_equal "$(hint | cut -d';' -f2)" " a new repo is made by the first put, or so: codex-chunk -r 'my repo' init"
    codex-chunk -r 'my repo' init
    run_split codex-chunk -r 'my repo' ls
    assert_success
    assert_output ''
}

@test "a folder with other things in it is not made a repo, and stays as it was" {
    mkdir there
    : >there/thesis.txt
    run_split codex-chunk -r there put there/thesis.txt
    assert_refused 73 'there: not a repo, and not empty (thesis.txt)'
    assert_equal "$(ls there)" thesis.txt
}

@test "an empty repo is whole, and lists nothing" {
    codex-chunk init
    local command
    for command in 'codex-chunk ls' 'codex-chunk ls --blocks' 'codex-chunk verify'; do
        # shellcheck disable=SC2086
        run_split $command
        assert_success
        assert_output ''
        refute_stderr
    done
    run_split codex-chunk space
    assert_line 'datasets	0'
}

@test "a folder that is put: what the hint says stores it, in the repo that was meant" {
    mkdir 'my photos'
    gen 1 1000 >'my photos/a'
    run_split codex-chunk -r there put 'my photos'
    assert_refused 65 'my photos: is a folder'
    run bash -c "$(hint | sed 's/^[^:]*: //')"
    assert_success
    codex-chunk -r there get "$output" | tar t | grep -qx 'my photos/a'
}

@test "a file that may not be read" {
    gen 1 1000 >secret
    chmod 0 secret
    chmod 755 . ..
    mkdir -m 777 there
    local -a as=()
    if [[ $(id -u) == 0 ]]; then
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        "${as[@]}" test -x "$CODEX_BIN/codex-chunk" -a -x "$PWD" || skip 'nobody cannot come here'
    fi
    run_split "${as[@]}" codex-chunk -r there/repo put secret
    assert_failure 77
    assert_stderr --partial 'secret: Permission denied'
}

@test "a full quota: nothing is stored, and what the hint says makes room" {
    codex-chunk init --quota 256KiB >/dev/null
    gen 1 500000 >large
    run_split codex-chunk put large
    assert_refused 74 'large: quota of 256KiB exceeded: '
    assert_equal "$(codex-chunk ls)" ''
    assert_equal "$(hint | grep -o 'codex-chunk init --set --quota SIZE')" \
        'codex-chunk init --set --quota SIZE'
    codex-chunk init --set --quota 1MiB >/dev/null
    run_split codex-chunk put large
    assert_success
}

@test "a CID with dots, as the examples show it" {
    local cid
    cid=$(gen 1 1000 | codex-chunk put)
    run_split codex-chunk get "${cid:0:20}..." -o out
    assert_refused 65 'is not a CID'
    assert_stderr --partial 'or its first 12 characters'
    run_split codex-chunk get "${cid:0:12}" -o out
    assert_success
}
