# tests/support/in-memory runs a test with its files in memory, and leaves none there.
load ../common

in_memory() { run env -u LD_PRELOAD "$@"; }

@test "the exit status is that of the command, and a TMPDIR that is set stays" {
    in_memory "$CODEX_SOURCE/tests/support/in-memory" bash -c 'echo "$TMPDIR"; exit 7'
    assert_failure 7
    assert_output "$BATS_TEST_TMPDIR"
}

@test "without one it is a folder in memory, which goes with the command, and with others that were killed" {
    local left
    left=$(mktemp -d /dev/shm/codex-test.XXXXXX) || skip 'there is no memory for files'
    in_memory -u TMPDIR "$CODEX_SOURCE/tests/support/in-memory" bash -c 'touch "$TMPDIR/file" && echo "$TMPDIR"'
    [[ $output == /dev/shm/codex-test.* ]] || {
        rmdir "$left"
        skip 'there is too little memory for files'
    }
    assert_success
    assert_not_exists "$output"
    assert_not_exists "$left"
}

@test "the folder of one that still runs stays" {
    mkfifo held
    env -u TMPDIR "$CODEX_SOURCE/tests/support/in-memory" bash -c 'echo "${TMPDIR-}" >name; mv name named; read -r <held' 3>&- &
    local running=$! folder
    wait_for 'test -e named' 60
    folder=$(<named)
    in_memory -u TMPDIR "$CODEX_SOURCE/tests/support/in-memory" true
    assert_success
    [[ -z $folder ]] || assert_exists "$folder"
    echo >held
    wait "$running"
    [[ -z $folder ]] || assert_not_exists "$folder"
}
