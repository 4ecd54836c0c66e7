# Progress on stderr: when it is shown, on request, and beside records on one terminal.
load ../common

setup() {
    codex_setup
    gen 1 3000000 >data
    codex-chunk put data >cid
}

# last_progress: "DONE TOTAL" of the last object that was said.
last_progress() { tail -n1 <<<"$stderr" | jq -r 'select(.type == "progress") | "\(.doneBytes) \(.totalBytes)"'; }

@test "verify, gc and the making of an index show how far they are" {
    run_split codex-chunk verify --progress json
    assert_success
    local bytes
    bytes=$(codex-chunk space | awk '$1 == "quotaUsedBytes" { print $2 }')
    assert_equal "$(last_progress)" "$bytes $bytes"
    run_split codex-chunk verify --progress json --rebuild-index
    assert_equal "$(jq -r 'select(.label == "rebuild index") | .doneBytes == .totalBytes' <<<"$stderr" |
        tail -n1)" true
    gen 2 1000000 | codex-chunk put >/dev/null
    codex-chunk rm - <cid >/dev/null
    run_split codex-chunk gc --progress json
    assert_success
    read -r done_bytes total <<<"$(last_progress)"
    assert [ "$done_bytes" -ge 3000000 ]
    assert_equal "$done_bytes" "$total"
}

@test "a loop over lookups counts its inputs" {
    run_split codex-chunk stat --progress json - - <cid
    assert_equal "$(tail -n1 <<<"$stderr" | jq -c '[.label, .doneItems, .totalBytes]')" '["stat",1,null]'
}

@test "-q is stronger than --progress" {
    for mode in always json auto; do
        run_split codex-chunk verify -q --progress $mode
        assert_success
        refute_stderr
        run_split env CODEX_PROGRESS=$mode codex-chunk put data --quiet
        refute_stderr
    done
}

@test "SIGUSR1 is answered with one line, even with -q" {
    mkfifo pipe
    codex-chunk put -q pipe >out 2>said &
    local pid=$!
    exec 9>pipe
    gen 3 500000 >&9
    # The signal may come before the handler is there only if the pipe was not open yet.
    kill -USR1 $pid
    wait_for '[[ -s said ]]'
    assert_equal "$(wc -l <said)" 1
    grep -q '^put  ' said
    kill -USR1 $pid
    wait_for '[[ $(wc -l <said) == 2 ]]'
    exec 9>&-
    wait $pid
    assert_equal "$(wc -l <said)" 2
    assert_equal "$(cat out)" "$(gen 3 500000 | codex-chunk put)"
}

@test "silent where nobody looks, or when told so" {
    run_split codex-chunk put data
    refute_stderr
    run_split codex-chunk put data --progress never
    refute_stderr
    CODEX_PROGRESS=always run_split codex-chunk put data
    assert_stderr --partial '100%'
    run_split script -qec "codex-chunk put -q data" /dev/null
    assert_output --partial "$(cat cid)"
    refute_output --partial '%'
}

@test "on a terminal a record takes the progress line away first" {
    mkfifo one two
    script -qefc "codex-chunk put --progress always one two" typescript >/dev/null &
    local pid=$!
    exec 9>one
    gen 4 70000 >&9
    # The line is drawn while more of the first file is waited for.
    wait_for '[[ $(<typescript) == *put* ]]'
    exec 9>&-
    wait_for '[[ $(<typescript) == *zDv* ]]'
    exec 9>two
    exec 9>&-
    wait $pid || true
    # No line begins with progress and ends with a CID: what was drawn is wiped before.
    run grep -aE $'put .*zDv' typescript
    assert_success
    refute_output --regexp $'put [^\r]*zDv'
    assert_output --regexp $'\r\x1b\\[Kz'
}
