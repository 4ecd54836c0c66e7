# The examples of codex-chunk(1) and codex-pipes(7), run as they stand in the pages.
load ../common

setup() {
    codex_setup
    mkdir photos
    gen 1 400000 >photos/a
    gen 2 300000 >photos/b
}

@test "a folder for a month, and back" {
    # shellcheck disable=SC2094 # a pipeline of the page: what tar writes is there already
    CODEX_NOW=1800000000 example codex-chunk.1 'Store a folder for a month'
    assert_success
    refute_stderr
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1802592000
    mv photos kept
    codex-chunk get <photos.cid | tar x
    diff -r photos kept
}

@test "several files, each back under its name" {
    cp photos/a 'one file.pdf'
    cp photos/b two.pdf
    example codex-chunk.1 'Several files, each back'
    assert_success
    assert_same 'copy-one file.pdf' 'one file.pdf'
    assert_same copy-two.pdf two.pdf
}

@test "a dataset goes to another machine" {
    mkdir bin
    printf '#!/bin/sh\ntest "$1" = host && shift && CODEX_REPO=there exec "$@"\n' >bin/ssh
    chmod +x bin/ssh
    export PATH=$PWD/bin:$PATH
    codex-chunk put photos/a >photos.cid
    example codex-chunk.1 'Send a dataset to another'
    assert_success
    assert_output "$(<photos.cid)"
    codex-chunk -r there get <photos.cid | cmp - photos/a
}

@test "parity, and an archive of it" {
    example codex-chunk.1 'The same with parity'
    assert_success
    codex-chunk -r other import photos.car.zst | diff - photos.cid
}

@test "remove what is large, after a look at it" {
    truncate -s 1025M large
    codex-chunk put photos/a large >/dev/null
    example codex-chunk.1 'Remove what is larger'
    assert_success
    assert_equal "$(cut -f2,3 <<<"$output")" 'would-remove	1074790400'
    assert_equal "$(codex-chunk ls | wc -l)" 2
}

@test "one process answers for all blocks" {
    codex-chunk put photos/a >/dev/null
    example codex-chunk.1 'Which of these blocks'
    assert_success
    assert_output 8
}

@test "each tool takes what the one before it printed" {
    example codex-pipes.7 'Each tool takes'
    assert_success
    assert_output --regexp '^zDv[^	]*	whole	'
    example codex-pipes.7 'The same in JSON'
    assert_success
    assert_equal "$(head -n1 <<<"$output" | jq -r .state)" whole
}

@test "many files, whichever is done first" {
    example codex-pipes.7 'Many files'
    assert_success
    assert [ "$output" -gt 700000 ]
}

@test "a script tells errors apart by their code" {
    codex-chunk init >/dev/null
    export cid=zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    example codex-pipes.7 'A script that tells'
    assert_output dataset.not_found
}

@test "the settings of the page are settings" {
    awk '/^```$/ { inside = !inside; next } inside && /^[a-z-]+ = / { print }' \
        "$CODEX_SOURCE/man/codex-pipes.7.scd" >page.toml
    assert [ "$(wc -l <page.toml)" -ge 8 ]
    run_split env -u CODEX_REPO codex-chunk config --config-file page.toml --show-origin
    assert_success
    refute_stderr
    assert_equal "$(grep -c '	file	page.toml:' <<<"$output")" "$(wc -l <page.toml)"
}
