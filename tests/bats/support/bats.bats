# tests/support/bats runs the cases of a file side by side where the file says so.
load ../common

# file_of MARK: a BATS file with this line; its two cases are over when both have begun.
file_of() {
    printf '%s\n' '# Two.' "$1" \
        'both() { touch "$PLACE/$1"; until [[ -e $PLACE/one && -e $PLACE/two ]]; do [[ ! -e $PLACE/over ]]; sleep 0.02; done; }' \
        '@test "one" { both one; }' '@test "two" { both two; }' >two.bats
}

# run_file: it, as ctest does, and not as a part of this file.
run_file() {
    env -i PATH="$PATH" TMPDIR="$TMPDIR" PLACE="$PWD" "$CODEX_SOURCE/tests/support/bats" two.bats >said 2>&1 3>&-
}

@test "cases of a file that says so run side by side" {
    file_of '# At a time: 2'
    run_file || fail "$(cat said)"
    run cat said
    assert_output $'1..2\nok 1 one\nok 2 two'
}

@test "those of others do not" {
    file_of '# At a time, but how many?'
    run_file &
    local running=$!
    wait_for 'test -e one' 60
    assert_not_exists two # which comes behind the one that waits for it
    touch over
    wait "$running" && fail "$(cat said)"
    grep -q '^not ok 1 one' said
}
